/// Points of several series over two axes, each series with its Pareto front as a line.
package struct ScatterChart: Equatable, Sendable {
  /// One measurement, in the units of the axes.
  package struct Point: Equatable, Sendable {
    package let x: Double
    package let y: Double
    /// What stands beside its marker.
    package let label: String
    /// The standard error of y, of which a bar spans two to either side; 0 where none is known.
    package let error: Double

    package init(x: Double, y: Double, label: String, error: Double = 0) {
      self.x = x
      self.y = y
      self.label = label
      self.error = error
    }
  }

  /// Points that share a colour, a marker, and a line in the legend.
  package struct Series: Equatable, Sendable {
    package let name: String
    package let points: [Point]

    package init(name: String, points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  package struct Axis: Equatable, Sendable {
    package let name: String
    /// What is said after the name: the unit, what is counted.
    package let detail: String
    package let kind: Scale.Kind

    package init(_ name: String, detail: String = "", _ kind: Scale.Kind = .linear) {
      self.name = name
      self.detail = detail
      self.kind = kind
    }

    var title: String { detail.isEmpty ? name : name + ", " + detail }
  }

  /// An axis above the plot for what follows from x: an offset, and so much for each unit of x.
  package struct TopAxis: Equatable, Sendable {
    package let name: String
    package let offset: Double
    package let perUnit: Double

    package init(_ name: String, offset: Double, perUnit: Double) {
      self.name = name
      self.offset = offset
      self.perUnit = perUnit
    }
  }

  package let title: String
  package let xAxis: Axis
  package let yAxis: Axis
  package let topAxis: TopAxis?
  package let series: [Series]

  /// Makes a chart of series that have points, all of which the axes can show.
  ///
  /// - Throws: `ChartError` where they don't.
  package init(
    title: String, xAxis: Axis, yAxis: Axis, topAxis: TopAxis? = nil, series: [Series]
  ) throws(ChartError) {
    guard series.contains(where: { !$0.points.isEmpty }) else { throw .noPoints }
    for one in series {
      for point in one.points {
        for (axis, value) in [(xAxis, point.x), (yAxis, point.y)] {
          guard value.magnitude <= 1e300 else {
            throw .notFinite(axis: axis.name, series: one.name, label: point.label)
          }
          guard axis.kind == .linear || value >= .leastNormalMagnitude else {
            throw .notPositive(
              axis: axis.name, series: one.name, label: point.label, value: value)
          }
        }
      }
    }
    self.title = title
    self.xAxis = xAxis
    self.yAxis = yAxis
    self.topAxis = topAxis
    self.series = series
  }
}
