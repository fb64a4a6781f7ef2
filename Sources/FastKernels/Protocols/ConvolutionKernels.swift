/// Convolutions and their gradients.
public protocol ConvolutionKernels: Sendable {
}
