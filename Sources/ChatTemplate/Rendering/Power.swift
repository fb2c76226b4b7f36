#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A float to the power of another.
func raised(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// A float to the power of an integer.
func raised(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }
