extension MatrixRow where Element == Float {
  /// y[i] = y[i] · w[i].
  @inlinable package func multiply(by w: FloatRow) {
    assert(w.count >= count, "too few elements")
    for i in 0..<count { self[i] *= w[i] }
  }
}
