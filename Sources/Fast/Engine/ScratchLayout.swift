/// Places of rows and planes in one block of scratch memory, in floats from its start; every place is 64-byte aligned.
struct ScratchLayout {
  private(set) var count = 0

  mutating func take(_ floats: Int) -> Int {
    let place = count
    count += roundedToVectors(floats)
    return place
  }
}

/// The next multiple of 16, which every vector width divides.
func roundedToVectors(_ count: Int) -> Int { (count + 15) & ~15 }
