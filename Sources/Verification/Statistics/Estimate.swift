/// A figure that some positions give, and how far others of the same kind would be from it.
public struct Estimate: Equatable, Sendable {
  /// The figure.
  public let value: Double
  /// Its standard error, as if positions were independent.
  public let standardError: Double

  package init(value: Double, standardError: Double) {
    self.value = value
    self.standardError = standardError
  }
}

/// Mean and spread of one quantity over positions, added one by one (Welford 1962).
struct Moments: Equatable, Sendable {
  private(set) var count = 0
  private(set) var mean = 0.0
  private var squares = 0.0

  mutating func add(_ value: Double) {
    count += 1
    let difference = value - mean
    mean += difference / Double(count)
    squares += difference * (value - mean)
  }

  /// The unbiased variance of the quantity; 0 of fewer than two values.
  var variance: Double { squares / Double(Swift.max(1, count - 1)) }

  /// The standard error of the mean.
  var standardError: Double { (variance / Double(Swift.max(1, count))).squareRoot() }

  /// The mean.
  var estimate: Estimate { Estimate(value: mean, standardError: standardError) }

  /// The root of the mean, of a quantity that is a square: √m has the error se / 2√m.
  var root: Estimate {
    let value = mean.squareRoot()
    return Estimate(value: value, standardError: value > 0 ? standardError / (2 * value) : 0)
  }
}

/// Two quantities of the same positions, and how they go together.
struct PairedMoments: Equatable, Sendable {
  private(set) var first = Moments()
  private(set) var second = Moments()
  /// Of first − second.
  private(set) var difference = Moments()

  mutating func add(_ a: Double, _ b: Double) {
    first.add(a)
    second.add(b)
    difference.add(a - b)
  }

  /// The covariance, since var(a − b) = var a + var b − 2 cov.
  var covariance: Double { (first.variance + second.variance - difference.variance) / 2 }

  /// Pearson's correlation; 1 where both do not vary.
  var correlation: Double {
    let product = (first.variance * second.variance).squareRoot()
    return product > 0 ? covariance / product : 1
  }
}
