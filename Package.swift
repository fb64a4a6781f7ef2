// swift-tools-version: 6.3
import Foundation
import PackageDescription

// A manifest sees the host, not the target of a cross build: PERCEPTUAL_X86_KERNELS=0 switches the x86 modules off.
#if arch(x86_64)
  let hasX86Kernels = Context.environment["PERCEPTUAL_X86_KERNELS"] != "0"
#else
  let hasX86Kernels = Context.environment["PERCEPTUAL_X86_KERNELS"] == "1"
#endif

/// Numeric modules are optimised in debug builds too: unoptimised, the tests would take hours. A package of tools
/// version 6.2 or later may have such flags and be a versioned dependency all the same.
func numeric(_ flags: [String] = []) -> [SwiftSetting] {
  // With -num-threads each file keeps an object of its own, which the index of a debug build asks for; batch mode,
  // which SwiftPM adds there, would only draw a warning.
  let optimised = ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"]
  return [.unsafeFlags(optimised + flags.flatMap { ["-Xcc", $0] })]
}

/// The inner loops, compiled once for each instruction set from the same files: each module's folder links to
/// FastKernels/Source.
func kernels(_ name: String, define: String, flags: [String]) -> Target {
  .target(
    name: "PerceptualKernels\(name)",
    dependencies: ["PerceptualCInstructionSet", "PerceptualKernels"],
    path: "Sources/FastKernels/\(name)",
    swiftSettings: [.define(define)] + numeric(flags)
  )
}

let x86Kernels: [Target] =
  hasX86Kernels
  ? [
    kernels(
      "AVX512", define: "KERNELS_AVX512",
      // The instructions of bf16 are executed only where the processor has them.
      flags: ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx512bf16", "-mavx2", "-mfma"]),
    kernels("AVX2", define: "KERNELS_AVX2", flags: ["-mavx2", "-mfma"]),
  ] : []
let x86Dependencies: [Target.Dependency] =
  hasX86Kernels ? ["PerceptualKernelsAVX512", "PerceptualKernelsAVX2"] : []
let x86Settings: [SwiftSetting] = hasX86Kernels ? [.define("X86_KERNELS")] : []

/// For tools/reliability/fuzz-readers alone: without libFuzzer it has no beginning.
let fuzzers: [Target] =
  Context.environment["PERCEPTUAL_FUZZERS"] == "1"
  ? [
    .executableTarget(
      name: "fuzz-readers", dependencies: ["PerceptualCore", "PerceptualFiles", "PerceptualExperiments"],
      path: "tools/reliability/readers", swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ] : []

let package = Package(
  name: "perceptual",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Reference", targets: ["Reference"]),
    .library(name: "Fast", targets: ["Fast", "PerceptualCore"]),
    .library(name: "PerceptualFiles", targets: ["PerceptualFiles"]),
    .library(name: "PerceptualConformance", targets: ["PerceptualConformance"]),
    .library(name: "PerceptualExperiments", targets: ["PerceptualExperiments", "PerceptualSynthesis"]),
    .library(name: "PerceptualC", type: .dynamic, targets: ["PerceptualC"]),
    .executable(name: "perceptual", targets: ["perceptual"]),
  ],
  traits: [.trait(name: "MPI", description: "Training on several machines, by MPI.")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(
      name: "PerceptualCFFTW3", path: "Sources/CFFTW3", pkgConfig: "fftw3f",
      providers: [.apt(["libfftw3-dev"]), .brew(["fftw"])]),
    .systemLibrary(
      name: "PerceptualCSndfile", path: "Sources/CSndfile", pkgConfig: "sndfile",
      providers: [.apt(["libsndfile1-dev"]), .brew(["libsndfile"])]),
    .systemLibrary(
      name: "PerceptualCPNG", path: "Sources/CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "PerceptualCMPIHeaders", path: "Sources/CMPIHeaders", pkgConfig: "ompi-c",
      providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    // Empty without the trait.
    .target(
      name: "PerceptualCMPI",
      dependencies: [.target(name: "PerceptualCMPIHeaders", condition: .when(traits: ["MPI"]))], path: "Sources/CMPI",
      cSettings: [.define("PERCEPTUAL_MPI", .when(traits: ["MPI"]))]),

    .target(name: "PerceptualCDispatch", path: "Sources/CDispatch"),
    .target(
      name: "PerceptualCore", dependencies: ["PerceptualCDispatch"], path: "Sources/Core", swiftSettings: numeric()),
    .target(
      name: "Reference", dependencies: ["PerceptualCore"], path: "Sources/Reference", swiftSettings: numeric()),

    .target(name: "PerceptualCInstructionSet", path: "Sources/CInstructionSet"),
    .target(
      name: "PerceptualCTiles", path: "Sources/CTiles",
      // Optimised in debug builds too; the instructions are asked for function by function.
      cSettings: [.unsafeFlags(["-O2"])]),
    .target(name: "PerceptualKernels", path: "Sources/FastKernels/Protocols", swiftSettings: numeric()),
    kernels("Baseline", define: "KERNELS_BASELINE", flags: []),
    .target(
      name: "Fast",
      dependencies: [
        "PerceptualCore", "PerceptualCFFTW3", "PerceptualCInstructionSet", "PerceptualCDispatch", "PerceptualCTiles",
        "PerceptualKernels",
        "PerceptualKernelsBaseline",
      ] + x86Dependencies,
      path: "Sources/Fast", swiftSettings: x86Settings + numeric()),

    .target(
      name: "PerceptualFiles", dependencies: ["PerceptualCore", "PerceptualCSndfile", "PerceptualCPNG"],
      path: "Sources/Files", swiftSettings: numeric()),
    .target(
      name: "PerceptualConformance", dependencies: ["PerceptualCore", "Reference", "Fast", "PerceptualFiles"],
      path: "Sources/Conformance", swiftSettings: numeric()),
    .target(
      name: "PerceptualSynthesis", dependencies: ["PerceptualCore", "PerceptualFiles"], path: "Sources/Synthesis",
      swiftSettings: numeric()),
    .target(
      name: "PerceptualExperiments",
      dependencies: ["PerceptualCore", "Fast", "PerceptualFiles", "PerceptualSynthesis"], path: "Sources/Experiments"),

    .target(name: "PerceptualCHeader", path: "Sources/CInterface/Header"),
    .target(
      name: "PerceptualC",
      dependencies: [
        "PerceptualCHeader", "PerceptualCore", "Fast", "PerceptualFiles", "PerceptualConformance",
        "PerceptualExperiments",
      ],
      path: "Sources/CInterface/Library", swiftSettings: numeric()),

    .executableTarget(
      name: "perceptual",
      dependencies: [
        "PerceptualCore", "Reference", "Fast", "PerceptualFiles", "PerceptualConformance", "PerceptualExperiments",
        "PerceptualSynthesis",
        .target(name: "PerceptualCMPI", condition: .when(traits: ["MPI"])),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "tools/perceptual",
      swiftSettings: [.unsafeFlags(["-Xcc", "-DPERCEPTUAL_MPI"], .when(traits: ["MPI"]))]),

    .target(
      name: "PerceptualTestSupport",
      dependencies: ["PerceptualCore", "Reference", "Fast", "PerceptualFiles", "PerceptualConformance"],
      path: "Tests/Support", swiftSettings: numeric()),
    .testTarget(
      name: "GoldenTests",
      dependencies: [
        "PerceptualCore", "Reference", "Fast", "PerceptualFiles", "PerceptualConformance", "PerceptualExperiments",
        "PerceptualSynthesis", "PerceptualTestSupport", "perceptual",
      ],
      path: "Tests/GoldenTests"),
    .testTarget(
      name: "GradientChecks",
      dependencies: ["PerceptualCore", "Reference", "Fast", "PerceptualConformance", "PerceptualTestSupport"],
      path: "Tests/GradientChecks"),
  ] + x86Kernels + fuzzers,
  swiftLanguageModes: [.v6]
)
