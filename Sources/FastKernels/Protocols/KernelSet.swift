/// The inner loops of Fast, as one instruction set offers them.
///
/// The bodies stand once, in FastKernels/Source; each instruction-set module compiles them with its own flags into a
/// type `Kernels` that conforms. Arguments are raw pointers and numbers; checks stand at Fast's public boundary.
public protocol KernelSet: ElementwiseKernels, ConvolutionKernels, MetricKernels, LaplacianPyramidKernels, AudioKernels,
  FourierKernels, BlockKernels, BarkKernels, RawAudioKernels, UpsamplingKernels
{
  /// Floats in a vector.
  static var vectorWidth: Int { get }
  /// Whether the module was compiled with the flags of its instruction set; if not, it must not be chosen.
  static var isCompiledForItsInstructionSet: Bool { get }
}
