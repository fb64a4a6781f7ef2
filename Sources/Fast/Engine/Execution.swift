import Foundation
import PerceptualCDispatch
import PerceptualCInstructionSet
import PerceptualCTiles
import PerceptualCore
import PerceptualKernels
import PerceptualKernelsBaseline

#if X86_KERNELS
  import PerceptualKernelsAVX2
  import PerceptualKernelsAVX512
#endif

/// The instruction sets that Fast has inner loops for, best first.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// AVX-512, and for products in bf16 the tiles of Intel's AMX.
  case amx
  case avx512
  case avx2
  case baseline

  /// The inner loops of this set, whether or not this machine can run them; nil where the build has none.
  var kernels: (any KernelSet.Type)? {
    switch self {
    #if X86_KERNELS
      case .amx, .avx512: PerceptualKernelsAVX512.Kernels.self
      case .avx2: PerceptualKernelsAVX2.Kernels.self
    #else
      case .amx, .avx512, .avx2: nil
    #endif
    case .baseline: PerceptualKernelsBaseline.Kernels.self
    }
  }

  /// Why this machine or build cannot run the set; nil if it can.
  public var obstacle: String? {
    guard let kernels else { return "this build has no \(rawValue) code" }
    let processorHasIt =
      switch self {
      case .amx: perceptual_processor_has_tiles() != 0
      case .avx512: perceptual_processor_has_avx512() != 0
      case .avx2: perceptual_processor_has_avx2() != 0
      case .baseline: true
      }
    if !processorHasIt { return "this processor has no \(rawValue)" }
    if !kernels.isCompiledForItsInstructionSet {
      return "the \(rawValue) code was compiled without its flags: build with -Xcc -march=native"
    }
    return nil
  }

  /// The sets that this machine and build can run, best first.
  public static let available: [InstructionSet] = allCases.filter { $0.obstacle == nil }
}

/// How Fast runs: on how many threads and with which instruction set. No result depends on the number of threads.
///
///     Execution.$current.withValue(Execution(threads: 1)) { ... }
public struct Execution: Sendable {
  public let threads: Int
  public let instructionSet: InstructionSet
  let kernels: any KernelSet.Type

  /// `threads` nil means one for each core, and as many as are asked for otherwise, be the cores fewer;
  /// `instructionSet` nil means the best available one.
  public init(threads: Int? = nil, instructionSet: InstructionSet? = nil) {
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    require(threads >= 1, "threads: \(threads) given, at least 1 is needed")
    let set = instructionSet ?? InstructionSet.available[0]
    require(set.obstacle == nil, "instruction set: \(set.obstacle ?? "")")
    self.threads = threads
    self.instructionSet = set
    self.kernels = set.kernels ?? PerceptualKernelsBaseline.Kernels.self
  }

  /// Whether products in bf16 are single instructions here (AMX, AVX512_BF16). Elsewhere they take more time than those
  /// in single precision; so do those of AVX512_BF16 where the processor multiplies pairs at a quarter of the rate, as
  /// Intel's does. Vectors give the same bits with the instruction and without, but where a sum or a product is
  /// subnormal; tiles sum in another order.
  public var hasBF16Products: Bool { kernels.hasNativePairs }

  /// What the calling task uses. Not visible inside a loop's workers: read it before.
  @TaskLocal public static var current = Execution()

  /// Runs `body(0) ... body(count - 1)`, each once, on up to `threads` threads of Dispatch.
  ///
  /// The work is cut by the caller, never by the number of threads: a body must write only what its index owns, and
  /// sums over indices are joined afterwards in a fixed order.
  func forEach(_ count: Int, _ body: (Int) -> Void) {
    if threads == 1 || count <= 1 {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: LoopBody(run: body)) { body in
        perceptual_share(
          body, { body, index in body?.assumingMemoryBound(to: LoopBody.self).pointee.run(index) }, count,
          min(threads, count) - 1)
      }
    }
  }

  /// Cuts `count` elements into pieces of `grain`, a multiple of every vector width, and runs `body(offset, length)`.
  func forEachPiece(of count: Int, grain: Int = 1 << 16, _ body: (Int, Int) -> Void) {
    forEach((count + grain - 1) / grain) { piece in
      let offset = piece * grain
      body(offset, min(grain, count - offset))
    }
  }

  /// The same with the kernels, for loops over a caller's buffers.
  func forEachPiece(of count: Int, grain: Int = 1 << 16, _ body: (any KernelSet.Type, Int, Int) -> Void) {
    forEachPiece(of: count, grain: grain) { offset, length in body(kernels, offset, length) }
  }

  /// The results of `body(0) ... body(count - 1)`, each computed by one thread: for many small pieces of work, such as
  /// the clips of a data set, that use Fast themselves.
  public func map<Result>(_ count: Int, _ body: (Int) -> Result) -> [Result] {
    let single = Execution(threads: 1, instructionSet: instructionSet)
    var results = [Result?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
      forEach(count) { index in
        results[index] = Execution.$current.withValue(single) { body(index) }
      }
    }
    return results.compactMap(\.self)
  }
}

/// A closure where C can point at it. A bare one would be wrapped anew by every generic function that it passes.
private struct LoopBody {
  let run: (Int) -> Void
}
