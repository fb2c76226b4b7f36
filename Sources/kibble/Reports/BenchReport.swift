import DogeModel
import JSONCore
import Kernels
import ToolSupport

/// The result of `bench`, as text and as JSON.
struct BenchReport {
  let prefill: Measurement
  let decode: Measurement
  let firstTokenSeconds: Double
  let weightBytesPerToken: Int
  let readBandwidth: Double
  let peakBytes: Int?
  let mode: ComputeMode
  let isa: InstructionSet
  let threads: Int
  let prefillTokens: Int
  let decodeTokens: Int
  let depth: Int

  /// The share of the read bandwidth at which decoding reads the weights.
  private var bandwidthShare: Double {
    decode.median * Double(weightBytesPerToken) / readBandwidth
  }

  var json: JSON {
    [
      "schema": "kibble.bench/1", "prefill_tokens": JSON(prefillTokens),
      "decode_tokens": JSON(decodeTokens), "depth": JSON(depth),
      "prefill_tokens_per_second": prefill.json, "decode_tokens_per_second": decode.json,
      "time_to_first_token_seconds": JSON(firstTokenSeconds),
      "weight_bytes_per_token": JSON(weightBytesPerToken),
      "read_bandwidth_bytes_per_second": JSON(readBandwidth),
      "bandwidth_share": JSON(bandwidthShare), "peak_rss_bytes": JSON(peakBytes),
      "mode": .string(mode.rawValue), "isa": .string(isa.rawValue), "threads": JSON(threads),
    ]
  }

  var text: String {
    func rate(_ m: Measurement) -> String {
      "\(NumberFormat.thousands(Int(m.median))) tok/s (\(NumberFormat.thousands(Int(m.minimum))) … "
        + "\(NumberFormat.thousands(Int(m.maximum))))"
    }
    var table = TextTable([.text("measure"), .text("value")])
    table.append(["prefill of \(prefillTokens)", rate(prefill)])
    let place = depth > 0 ? " behind \(depth)" : ""
    table.append(["decode of \(decodeTokens)\(place)", rate(decode)])
    table.append([
      "first token of 16, cold", NumberFormat.duration(seconds: firstTokenSeconds),
    ])
    table.append(["weights read for a token", NumberFormat.bytes(weightBytesPerToken)])
    table.append([
      "reading them alone",
      "\(NumberFormat.bytesPerSecond(readBandwidth)); decode is at "
        + NumberFormat.percent(bandwidthShare, 1),
    ])
    if let peakBytes { table.append(["peak memory", NumberFormat.bytes(peakBytes)]) }
    table.append(["mode, kernels, threads", "\(mode.rawValue), \(isa.rawValue), \(threads)"])
    return table.text
  }
}
