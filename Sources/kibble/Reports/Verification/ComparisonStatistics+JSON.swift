import JSONCore
import Verification

extension ComparisonStatistics {
  /// The keys of a comparison.
  var members: [(String, JSON)] {
    var kld = self.kld.members([("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)])
    kld.append(("max", JSON(self.kld.max)))
    var members: [(String, JSON)] = [
      ("tokens", JSON(tokens)), ("max_abs_diff", JSON(maxAbsDifference)),
    ]
    members += rmse.members("rmse") + nmse.members("nmse")
    members += [
      ("kld", .object(JSONObject(kld))),
      ("reverse_kld", reverseKLD.json(value: "mean")),
    ]
    members += overlap.top1.members("top1_agreement")
    members.append(("top1_disagreements_beyond_margin", JSON(top1Disagreements)))
    members += overlap.top5.members("top5_overlap") + overlap.top10.members("top10_overlap")
    members += [
      ("ppl", perplexity.json), ("delta_p", deltaP.json),
      ("by_confidence", .array(byConfidence.map { $0.json("probability") })),
      ("by_position", .array(byPosition.map { $0.json("position") })),
    ]
    return members
  }
}

extension Estimate {
  /// The value and its error as two keys of an object.
  fileprivate func members(_ name: String) -> [(String, JSON)] {
    [(name, JSON(value)), (name + "_se", JSON(standardError))]
  }

  /// An object of both.
  fileprivate func json(value name: String) -> JSON {
    [name: JSON(value), "se": JSON(standardError)]
  }
}

extension Distribution {
  /// The mean, the median and other percentiles, each with its error.
  fileprivate func members(_ percentiles: [(String, Double)]) -> [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("mean", JSON(mean.value)), ("se", JSON(mean.standardError)),
    ]
    for (name, share) in [("median", 0.5)] + percentiles {
      members += percentile(share).members(name)
    }
    return members
  }
}

extension ComparisonStatistics.Perplexity? {
  fileprivate var json: JSON {
    guard let self else {
      let names = ["reference", "candidate", "ratio"]
      return .object(JSONObject(names.map { ($0, JSON.null) }))
    }
    var members = self.reference.members("reference") + self.candidate.members("candidate")
    members += self.ratio.members("ratio") + self.logRatio.members("log_ratio")
    members += self.difference.members("difference")
    members.append(("correlation", JSON(self.correlation)))
    return .object(JSONObject(members))
  }
}

extension ComparisonStatistics.ProbabilityChange? {
  fileprivate var json: JSON {
    guard let self else {
      return .object(JSONObject(["mean", "rms"].map { ($0, JSON.null) }))
    }
    let shares = [
      ("p001", 0.001), ("p01", 0.01), ("p05", 0.05), ("p10", 0.1), ("p25", 0.25), ("p75", 0.75),
      ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999),
    ]
    var members = self.distribution.members(shares)
    members += self.rms.members("rms")
    members += [("min", JSON(self.distribution.min)), ("max", JSON(self.distribution.max))]
    return .object(JSONObject(members))
  }
}

extension ComparisonStatistics.Band {
  fileprivate func json(_ name: String) -> JSON {
    [
      "\(name)_from": JSON(range.lowerBound), "\(name)_to": JSON(range.upperBound),
      "tokens": JSON(tokens), "kld": JSON(kld.value), "se": JSON(kld.standardError),
      "top1_agreement": JSON(top1),
    ]
  }
}
