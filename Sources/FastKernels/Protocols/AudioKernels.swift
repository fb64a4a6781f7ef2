/// The audio front end.
public protocol AudioKernels: Sendable {
}
