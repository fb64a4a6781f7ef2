import Foundation
import PerceptualCore

/// A signal whose short-time magnitudes approach those given: Griffin and Lim's iteration with momentum.
///
///     angle = exp(i initialPhase); then, `iterations` times:
///     rebuilt = transform(inverse(magnitude angle))
///     c = rebuilt - m / (1 + m) previous rebuilt        (previous: 0 at first)
///     angle = c / (|c| + 1e-16)
///     at last: inverse(magnitude angle)
///
/// Shapes: magnitude and initialPhase (radians) [bins, frames] to [length], length = (frames - 1) hop, plus
/// windowLength if not centred. Sources: Griffin and Lim 1984; Perraudin, Balazs and Sondergaard 2013 (momentum m, as
/// used by `torchaudio.functional.griffinlim`).
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func griffinLim<Scalar: TensorElement>(
  _ magnitude: Tensor<Scalar>, initialPhase: Tensor<Scalar>, options: ShortTimeOptions = .init(), iterations: Int = 32,
  momentum: Double = 0.99
) -> Tensor<Scalar> {
  magnitude.checkPhase(initialPhase)
  return griffinLim(
    magnitude, initialAngle: phasors(initialPhase), options: options, iterations: iterations, momentum: momentum)
}

/// The same from any complex `initialAngle` [bins, frames], whose moduli need not be 1: TorchAudio's random start is
/// such.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func griffinLim<Scalar: TensorElement>(
  _ magnitude: Tensor<Scalar>, initialAngle: Spectrum<Scalar>, options: ShortTimeOptions = .init(),
  iterations: Int = 32, momentum: Double = 0.99
) -> Tensor<Scalar> {
  GriffinLimSweep(magnitude, initialAngle, options: options, iterations: iterations, momentum: momentum).signal
}

/// Griffin-Lim until it converges: it ends after the iteration that brings the spectral convergence
/// || |transform(signal)| - magnitude || / || magnitude || down by less than `tolerance` times what it was, or up, or
/// after `iterations`.
///
/// A magnitude of 0 everywhere gives silence, whose convergence is 0. The rest as
/// ``griffinLim(_:initialAngle:options:iterations:momentum:)``.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func convergingGriffinLim<Scalar: TensorElement>(
  _ magnitude: Tensor<Scalar>, initialAngle: Spectrum<Scalar>, options: ShortTimeOptions = .init(),
  iterations: Int = 1000, momentum: Double = 0.99, tolerance: Double = 1e-3
) -> GriffinLimOutput<Scalar> {
  require(tolerance >= 0, "tolerance: \(tolerance), 0 or more is needed")
  var norm = 0.0
  for value in magnitude.elements { norm += Double(value) * Double(value) }
  var convergence: [Double] = []
  var count = 0
  while true {
    let signal = griffinLim(
      magnitude, initialAngle: initialAngle, options: options, iterations: count, momentum: momentum)
    let spectrum = shortTimeFourierTransform(signal, options: options)
    var distance = 0.0
    for i in 0..<magnitude.count {
      let difference = Double(modulus(spectrum.real[i], spectrum.imaginary[i]) - magnitude[i])
      distance += difference * difference
    }
    distance = norm == 0 ? 0 : (distance / norm).squareRoot()
    let before = convergence.last ?? .infinity
    convergence.append(distance)
    if count == iterations || distance == 0 || before - distance < tolerance * before {
      return GriffinLimOutput(signal: signal, convergence: convergence)
    }
    count += 1
  }
}

private func phasors<Scalar: TensorElement>(_ phase: Tensor<Scalar>) -> Spectrum<Scalar> {
  Spectrum(real: phase.map { Scalar(cos(Double($0))) }, imaginary: phase.map { Scalar(sin(Double($0))) })
}

/// The gradients of ``griffinLim(_:initialPhase:options:iterations:momentum:)``, by a reverse sweep through its
/// iterations.
///
/// Backwards through angle = c / (|c| + e): with u = c / |c|, d = |c| + e,
/// dc = dangle / d - u (dangle . u) |c| / d^2, the dot product over real and imaginary part; dc = dangle / d at c = 0.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func griffinLimGradient<Scalar: TensorElement>(
  _ magnitude: Tensor<Scalar>, initialPhase: Tensor<Scalar>, upstream: Tensor<Scalar>,
  options: ShortTimeOptions = .init(), iterations: Int = 32, momentum: Double = 0.99
) -> GriffinLimGradients<Scalar> {
  magnitude.checkPhase(initialPhase)
  let sweep = GriffinLimSweep(
    magnitude, phasors(initialPhase), options: options, iterations: iterations, momentum: momentum)
  require(
    upstream.shape == sweep.signal.shape, "upstream: shape \(upstream.shape), the signal has \(sweep.signal.shape)")
  let count = magnitude.count
  let share = Scalar(momentum / (1 + momentum))
  var magnitudeGradient = Tensor<Scalar>(shape: magnitude.shape)
  var signalGradient = upstream
  /// The gradient of `rebuilt` from the iteration after.
  var fromNext = Spectrum(real: magnitudeGradient, imaginary: magnitudeGradient)
  for iteration in (0...iterations).reversed() {
    // signal = inverse(magnitude angle)
    var angleGradient = inverseShortTimeFourierTransformGradient(
      upstream: signalGradient, frames: magnitude.shape[1], options: options)
    let angle = sweep.angles[iteration]
    for i in 0..<count {
      magnitudeGradient[i] +=
        angleGradient.real[i] * angle.real[i] + angleGradient.imaginary[i] * angle.imaginary[i]
      angleGradient.real[i] *= magnitude[i]
      angleGradient.imaginary[i] *= magnitude[i]
    }
    if iteration == 0 {
      var phaseGradient = Tensor<Scalar>(shape: magnitude.shape)
      for i in 0..<count {
        phaseGradient[i] = angleGradient.imaginary[i] * angle.real[i] - angleGradient.real[i] * angle.imaginary[i]
      }
      return GriffinLimGradients(magnitude: magnitudeGradient, initialPhase: phaseGradient)
    }
    // angle = c / (|c| + 1e-16)
    let change = sweep.changes[iteration - 1]
    var changeGradient = angleGradient
    for i in 0..<count {
      let size = modulus(change.real[i], change.imaginary[i])
      let divisor = size + 1e-16
      let unitReal = size == 0 ? 0 : change.real[i] / size
      let unitImaginary = size == 0 ? 0 : change.imaginary[i] / size
      let radial = angleGradient.real[i] * unitReal + angleGradient.imaginary[i] * unitImaginary
      changeGradient.real[i] = (angleGradient.real[i] - unitReal * radial * (size / divisor)) / divisor
      changeGradient.imaginary[i] = (angleGradient.imaginary[i] - unitImaginary * radial * (size / divisor)) / divisor
    }
    // c = rebuilt - share x previous rebuilt
    var rebuiltGradient = changeGradient
    for i in 0..<count {
      rebuiltGradient.real[i] += fromNext.real[i]
      rebuiltGradient.imaginary[i] += fromNext.imaginary[i]
      fromNext.real[i] = -share * changeGradient.real[i]
      fromNext.imaginary[i] = -share * changeGradient.imaginary[i]
    }
    signalGradient = shortTimeFourierTransformGradient(
      upstream: rebuiltGradient, length: upstream.count, options: options)
  }
  return GriffinLimGradients(magnitude: magnitudeGradient, initialPhase: magnitudeGradient)
}

/// The forward iteration and what its gradient needs of it.
private struct GriffinLimSweep<Scalar: TensorElement> {
  /// `iterations` + 1 of them, the first from the initial phase.
  var angles: [Spectrum<Scalar>]
  /// c of each iteration.
  var changes: [Spectrum<Scalar>] = []
  var signal: Tensor<Scalar>

  init(
    _ magnitude: Tensor<Scalar>, _ start: Spectrum<Scalar>, options: ShortTimeOptions, iterations: Int,
    momentum: Double
  ) {
    options.checkGriffinLim(magnitude: magnitude.shape, iterations: iterations, momentum: momentum)
    magnitude.checkAngle(start)
    let length = options.samples(frames: magnitude.shape[1])
    let share = Scalar(momentum / (1 + momentum))
    var angle = start
    var previous = Spectrum(real: Tensor<Scalar>(shape: magnitude.shape), imaginary: Tensor(shape: magnitude.shape))
    angles = [angle]
    for _ in 0..<iterations {
      let guess = inverseShortTimeFourierTransform(product(magnitude, angle), length: length, options: options)
      let rebuilt = shortTimeFourierTransform(guess, options: options)
      var change = rebuilt
      for i in 0..<magnitude.count {
        change.real[i] -= share * previous.real[i]
        change.imaginary[i] -= share * previous.imaginary[i]
        let divisor = modulus(change.real[i], change.imaginary[i]) + 1e-16
        angle.real[i] = change.real[i] / divisor
        angle.imaginary[i] = change.imaginary[i] / divisor
      }
      angles.append(angle)
      changes.append(change)
      previous = rebuilt
    }
    signal = inverseShortTimeFourierTransform(product(magnitude, angle), length: length, options: options)
  }
}

private func product<Scalar>(_ magnitude: Tensor<Scalar>, _ angle: Spectrum<Scalar>) -> Spectrum<Scalar> {
  var result = angle
  for i in 0..<magnitude.count {
    result.real[i] *= magnitude[i]
    result.imaginary[i] *= magnitude[i]
  }
  return result
}
