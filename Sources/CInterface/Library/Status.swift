import Fast
import PerceptualCHeader
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// Does what a function of the header does. What it throws becomes the status and the thread's message.
func status(_ body: () throws(PerceptualError) -> Void) -> Int32 {
  do throws(PerceptualError) {
    try body()
    return Int32(PERCEPTUAL_OK)
  } catch {
    error.description.withCString { perceptual_set_message($0) }
    return error.kind.rawValue
  }
}

/// What is not NULL.
func given<Value>(_ value: Value?, _ name: String) throws(PerceptualError) -> Value {
  guard let value else { throw .usage("\(name): NULL given, an address is needed") }
  return value
}

/// A text; bytes that are no UTF-8 are replaced.
func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(PerceptualError) -> String {
  String(cString: try given(pointer, name))
}

/// One of the words of an enumeration.
func choice<Choice: RawRepresentable & CaseIterable>(
  _ pointer: UnsafePointer<CChar>?, _ name: String
) throws(PerceptualError) -> Choice where Choice.RawValue == String {
  let word = try text(pointer, name)
  guard let choice = Choice(rawValue: word) else {
    let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
    throw .usage("\(name): \(words) is needed, \"\(word)\" given")
  }
  return choice
}

/// So many threads, or as many as the machine has processors.
func execution(_ threads: Int32) throws(PerceptualError) -> Execution {
  if threads == 0 { return Execution() }
  guard (1...1024).contains(threads) else { throw .usage("threads: \(threads) given, 0 to 1024 are possible") }
  return Execution(threads: Int(threads))
}

/// Throws where so many elements, each with that many numbers in single precision, are more than memory holds.
func checkMemory(_ elements: Int, numbersEach: Int, _ name: String) throws(PerceptualError) {
  let limit = MachineMemory.limit
  let (bytes, overflow) = elements.multipliedReportingOverflow(by: 4 * numbersEach)
  if overflow || bytes > limit {
    throw .usage("\(name): \(elements) elements take more than the \(MachineMemory.text(limit)) that there are")
  }
}

/// Extents of an array. Throws where one is negative or all together are more than memory holds.
func shape(_ extents: UnsafePointer<Int64>?, rank: Int, _ name: String) throws(PerceptualError) -> [Int] {
  if rank == 0 { return [] }
  let extents = try given(extents, "\(name)'s shape")
  let shape = (0..<rank).map { Int(extents[$0]) }
  guard shape.allSatisfy({ $0 >= 0 }), let count = checkedProduct(shape.map { max(1, $0) }) else {
    throw .usage("\(name): shape \(shape) given, extents that memory holds are needed")
  }
  try checkMemory(count, numbersEach: 1, name)
  return shape
}

/// Elements of an array, put one after the other where they are not.
func gather(
  _ elements: UnsafePointer<Float>, _ shape: [Int], _ strides: UnsafePointer<Int64>?,
  into result: UnsafeMutablePointer<Float>
) {
  let count = shape.reduce(1, *)
  if count == 0 { return }
  guard let strides, !shape.isEmpty else {
    result.update(from: elements, count: count)
    return
  }
  let (last, step) = (shape[shape.count - 1], Int(strides[shape.count - 1]))
  var place = [Int](repeating: 0, count: shape.count - 1)
  for row in 0..<count / last {
    var from = elements
    for axis in place.indices { from += place[axis] * Int(strides[axis]) }
    let to = result + row * last
    if step == 1 {
      to.update(from: from, count: last)
    } else {
      for i in 0..<last { to[i] = from[i * step] }
    }
    for axis in place.indices.reversed() {
      place[axis] += 1
      if place[axis] < shape[axis] { break }
      place[axis] = 0
    }
  }
}

extension Tensor where Scalar == Float {
  /// Puts the elements into memory of the caller.
  func copy(to place: UnsafeMutablePointer<Float>) { place.update(from: elements, count: count) }
}

/// Whether elements with such strides lie one after the other.
func isContiguous(_ shape: [Int], _ strides: UnsafePointer<Int64>?) -> Bool {
  guard let strides else { return true }
  var expected = 1
  for axis in shape.indices.reversed() {
    if shape[axis] != 1 && Int(strides[axis]) != expected { return false }
    expected *= shape[axis]
  }
  return true
}

/// An object that C holds by an opaque pointer.
func handle<Object: AnyObject>(_ object: Object) -> OpaquePointer {
  OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

func object<Object: AnyObject>(
  _ pointer: OpaquePointer?, _ type: Object.Type, _ name: String
) throws(PerceptualError) -> Object {
  Unmanaged<Object>.fromOpaque(UnsafeRawPointer(try given(pointer, name))).takeUnretainedValue()
}

func release<Object: AnyObject>(_ pointer: OpaquePointer?, _ type: Object.Type) {
  if let pointer { Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).release() }
}

@c @implementation
public func perceptual_release_memory() { releaseKeptMemory() }

/// In memory that is never given back.
private let version = packageVersion.utf8CString.withUnsafeBufferPointer { text in
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
  for (index, character) in text.enumerated() { copy[index] = character }
  return UInt(bitPattern: copy)
}

@c @implementation
public func perceptual_version() -> UnsafePointer<CChar>! { UnsafePointer(bitPattern: version) }
