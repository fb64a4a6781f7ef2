/// Perceptual metrics and their gradients.
public protocol MetricKernels: Sendable {
}
