import DogeModel
import JSONCore
import Kernels
import ToolSupport

/// The result of `bench`, as text and as JSON.
struct BenchReport {
  let prefill: Measurement
  let decode: Measurement
  /// Behind so many tokens, where `decode` is from an empty cache.
  let deep: (depth: Int, Measurement)?
  let generation: Measurement
  /// Of so many sequences together.
  let batch: (sequences: Int, Measurement)?
  let firstTokenSeconds: Double
  let weightBytesPerToken: Int
  let readBandwidth: Double
  /// In nanoseconds.
  let corePing: Double?
  let processorShare: Double?
  let peakBytes: Int?
  let mode: ComputeMode
  let cacheType: KVCacheType
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
      "deep_depth": JSON(deep?.depth), "deep_decode_tokens_per_second": deep?.1.json ?? .null,
      "generate_tokens_per_second": generation.json, "batch_sequences": JSON(batch?.sequences),
      "batch_tokens_per_second": batch?.1.json ?? .null,
      "time_to_first_token_seconds": JSON(firstTokenSeconds),
      "weight_bytes_per_token": JSON(weightBytesPerToken),
      "read_bandwidth_bytes_per_second": JSON(readBandwidth),
      "bandwidth_share": JSON(bandwidthShare), "core_ping_nanoseconds": JSON(corePing),
      "processor_share": JSON(processorShare), "peak_rss_bytes": JSON(peakBytes),
      "mode": .string(mode.rawValue), "kv": .string(cacheType.rawValue),
      "isa": .string(isa.rawValue), "threads": JSON(threads),
    ]
  }

  var text: String {
    var speeds = TextTable([
      .text("tokens per second"), .number("median"), .number("least"), .number("greatest"),
    ])
    func add(_ name: String, _ m: Measurement) {
      speeds.append(
        [name] + [m.median, m.minimum, m.maximum].map { NumberFormat.thousands(Int($0)) })
    }
    add("prefill of \(prefillTokens)", prefill)
    add("decode of \(decodeTokens)" + (depth > 0 ? " behind \(depth)" : ""), decode)
    if let deep { add("decode of \(decodeTokens) behind \(deep.depth)", deep.1) }
    add("generation of \(decodeTokens), drawn", generation)
    if let batch { add("decode of \(batch.sequences) sequences", batch.1) }

    var table = TextTable([.text("measure"), .text("value")])
    table.append([
      "first token of 16, cold", NumberFormat.duration(seconds: firstTokenSeconds),
    ])
    table.append(["weights read for a token", NumberFormat.bytes(weightBytesPerToken)])
    table.append([
      "reading them alone",
      "\(NumberFormat.bytesPerSecond(readBandwidth)); decode is at "
        + NumberFormat.percent(bandwidthShare, 1),
    ])
    if let corePing {
      table.append(["from core to core", NumberFormat.nanoseconds(corePing)])
    }
    if let peakBytes { table.append(["peak memory", NumberFormat.bytes(peakBytes)]) }
    table.append([
      "mode, cache, kernels, threads",
      "\(mode.rawValue), \(cacheType.rawValue), \(isa.rawValue), \(threads)",
    ])
    return speeds.text + "\n" + table.text + note
  }

  /// A line where the figures say less than they seem to.
  private var note: String {
    guard let processorShare, processorShare < ProcessorShare.low else { return "" }
    return "others used the processors (the threads had "
      + "\(NumberFormat.percent(processorShare, 0)) of their time): figures are low\n"
  }
}
