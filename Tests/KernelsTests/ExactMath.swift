#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// The C library's functions, which are good to about an ulp, as the truth.

func exactExp(_ x: Double) -> Double { exp(x) }
func exactLog(_ x: Double) -> Double { log(x) }
func exactPow(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
func exactSin(_ x: Double) -> Double { sin(x) }
func exactCos(_ x: Double) -> Double { cos(x) }
func exactSoftplus(_ x: Double) -> Double { x > 30 ? x + exp(-x) : log1p(exp(x)) }
func exactGelu(_ x: Double) -> Double { 0.5 * x * erfc(-x / 2.0.squareRoot()) }
/// 1 + tanh(u) = 2 / (1 + e^-2u), without cancellation.
func exactGeluTanh(_ x: Double) -> Double {
  x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}
