import DogeArchitecture
import Kernels
import LibC
import ModelFile
import TensorCore

/// What a conversion wrote.
public struct ConversionReport: Sendable {
  /// The output's path; nil where it was made in memory.
  public private(set) var output: String?
  /// The length of the output in bytes.
  public private(set) var bytes: Int
  /// All bytes of tensors, in bits per weight.
  public private(set) var bitsPerWeight: Double
  /// The number of weights, a tied head not counted.
  public let parameters: Int
  /// The tensors in file order, of those in bands each band.
  public let tensors: [TensorReport]
  /// Oddities that stopped nothing, one sentence each.
  public let warnings: [String]

  init(_ plan: ConversionPlan, output: String?, statistics: [ErrorStatistics]) {
    self.output = output
    bytes = plan.fileLength
    bitsPerWeight = plan.bitsPerWeight
    parameters = plan.parameterCount
    tensors = zip(plan.records, statistics).map {
      TensorReport($0, of: plan.tensors[$0.tensor], statistics: $1)
    }
    warnings =
      plan.source.warnings
      + tensors.filter { $0.flushedGroups > 0 }.map { tensor in
        "\(tensor.flushedGroups) groups of \(tensor.name) became 0: their values are too small "
          + "beside the tensor's largest"
      }
  }

  /// The same of a file that was packed.
  package func packed(to path: String, bytes: Int, tensorBytes: Int) -> ConversionReport {
    var report = self
    report.output = path
    report.bytes = bytes
    report.bitsPerWeight = Double(tensorBytes) * 8 / Double(parameters)
    return report
  }
}

/// A tensor or a band that was written, and how far it is from its source.
public struct TensorReport: Sendable {
  /// The name in the file.
  public let name: String
  /// The name in the checkpoint.
  public let sourceName: String
  /// The logical shape.
  public let shape: [Int]
  /// The stored type.
  public let type: WeightType
  /// Columns that share a scale; nil for floats.
  public let groupSize: Int?
  /// Bytes of all planes.
  public let bytes: Int
  /// Root of the mean squared difference from the source.
  public let rootMeanSquareError: Double
  /// The largest difference.
  public let maxAbsoluteError: Double
  /// Signal to quantization noise in decibels; infinite where nothing was lost.
  public let signalToNoiseDecibels: Double
  /// Cosine of the angle between the source's values and those in the file, over all of them.
  public let cosine: Double
  /// Groups of values that became 0, being too small beside the tensor's largest value.
  public let flushedGroups: Int
  /// Why the type is not the one that was asked for, which rule gave it, or what was lost.
  public let note: String?

  init(_ record: PlannedRecord, of tensor: PlannedTensor, statistics: ErrorStatistics) {
    let geometry = record.geometry
    name = record.name
    sourceName = record.sourceName
    shape = record.shape
    type = geometry.type
    groupSize = geometry.type.isQuantized ? geometry.groupSize : nil
    bytes = geometry.totalBytes
    rootMeanSquareError = statistics.rootMeanSquare
    maxAbsoluteError = statistics.maxAbsoluteError
    signalToNoiseDecibels =
      statistics.squaredError == 0 ? .infinity : 10 * log10(statistics.signalToNoise)
    cosine = statistics.cosine
    flushedGroups = statistics.flushedGroups
    let flushed = flushedGroups > 0 ? "\(flushedGroups) groups became 0" : nil
    let notes = [tensor.note, flushed].compactMap(\.self)
    note = notes.isEmpty ? nil : notes.joined(separator: "; ")
  }
}
