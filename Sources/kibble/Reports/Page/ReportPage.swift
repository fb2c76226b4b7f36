/// What the HTML page of a verification shows, in the order in which it shows it.
///
/// What was not measured is nil or empty, and has no section on the page. Every text may be of any
/// origin: the page escapes it.
package struct ReportPage {
  package enum Outcome { case passed, failed, noGates }

  /// The heading, such as `doge-int8.kibble against Doge-20M`.
  package var title: String
  package var outcome: Outcome
  /// The verdict in a sentence or two.
  package var verdict: String
  package var warnings: [String] = []
  package var gates: [Gate] = []
  /// The reference first, then each candidate.
  package var models: [Model] = []
  /// The candidates side by side, where there are several.
  package var candidates: Table?
  /// The statistics, a column for each mode; more tables may follow, such as KLD by confidence.
  package var statistics: [Table] = []
  package var divergence: Divergence?
  package var logits: LogitDensity?
  package var layers: Layers?
  package var tensors: TensorErrors?
  package var ablation: Ablation?
  /// The worst one first.
  package var worst: [WorstPosition] = []
  package var perplexity: Table?
  /// Speed and memory.
  package var speed: Table?
  package var selfTests: [SelfTest] = []
  /// Version, machine, isa, threads, and what the input was.
  package var environment: [Fact] = []
  /// The command line, quoted for a shell.
  package var command = ""
  /// The whole result as `--json` has it, in lines.
  package var json = ""

  package init(title: String, outcome: Outcome, verdict: String) {
    (self.title, self.outcome, self.verdict) = (title, outcome, verdict)
  }
}

extension ReportPage {
  package typealias Fact = (name: String, value: ReportValue)

  /// A gate with the column that was judged, `exact` or `fast`.
  ///
  /// `isLeast` is whether the limit is the least value that passes, rather than the largest. A
  /// value that was not measured is nil, and does not pass.
  package typealias Gate = (
    name: String, mode: String, isLeast: Bool, limit: Double, value: Double?, passed: Bool
  )

  /// A model as `reference`, `candidate` or the like: with its type, size, bits per weight, CRC,
  /// layout, recipe, calibration.
  package typealias Model = (role: String, path: String, facts: [Fact])

  /// `passed` is nil where it does not apply; the note says why.
  package typealias SelfTest = (
    name: String, passed: Bool?, value: ReportValue, limit: ReportValue, note: String
  )

  package struct Table {
    /// The headings; the first one is that of the names of the rows.
    package var columns: [String]
    /// As many values as columns each.
    package var rows: [[ReportValue]]
    package var caption: String
    /// What the reader should know about it.
    package var note: String

    package init(
      columns: [String], rows: [[ReportValue]], caption: String = "", note: String = ""
    ) {
      (self.columns, self.rows, self.caption, self.note) = (columns, rows, caption, note)
    }
  }

  /// How often which KL divergence occurred.
  ///
  /// `edges` are in nats, ascending and positive, equally far apart on a logarithmic axis. A series
  /// is a mode or a candidate; its counts are one more than the edges: below the first, between
  /// each two, and from the last one up.
  package typealias Divergence = (edges: [Double], series: [(name: String, counts: [Int])])

  /// How often the reference's logit (x) went with which one of the candidate (y).
  ///
  /// `edges` are the borders of the bins, the same for x and y, ascending and equally far apart;
  /// `counts` has a row for each bin of the candidate's logit, from low to high, with a count for
  /// each bin of the reference's. The note says of which mode, and how many logits lie outside.
  package typealias LogitDensity = (edges: [Double], counts: [[Int]], note: String)

  package struct Layers {
    /// One step of the computation.
    ///
    /// - `name`: such as `layers.2, after attention`.
    /// - `tick`: what stands below the axis, such as `2`; empty for one without a label there,
    ///   such as the embeddings.
    /// - `sqnr`: in decibels; infinite where both agree.
    /// - `ownError`: the relative error that this step alone adds, where that was measured.
    package typealias Step = (
      name: String, tick: String, relativeError: Double, cosine: Double, sqnr: Double,
      maxAbs: Double, ownError: Double?
    )

    /// The relative error along the sequence: positions in ascending order, which are the middles
    /// where several are summed up, and some steps with an error for each.
    package typealias Drift = (
      positions: [Double], series: [(name: String, relativeErrors: [Double])]
    )

    /// In the order of the computation.
    package var steps: [Step]
    /// Where the candidate first diverges, and by which rule.
    package var firstDivergence: String
    package var drift: Drift?

    package init(steps: [Step], firstDivergence: String, drift: Drift? = nil) {
      (self.steps, self.firstDivergence, self.drift) = (steps, firstDivergence, drift)
    }
  }

  /// The relative error of each tensor of the candidate: for each layer one for each kind, nil
  /// where there is no such tensor; then the tensors outside of the layers.
  package typealias TensorErrors = (
    layers: [String], kinds: [String], errors: [[Double?]], others: [Fact], note: String
  )

  /// What quantizing one `tensor`, `kind` or `layer` (the unit) alone causes, the most first, and
  /// a sentence on how far the sum of the parts explains the whole.
  package typealias Ablation = (
    unit: String, parts: [(name: String, kld: Double, standardError: Double?)], sum: String
  )

  package struct WorstPosition {
    /// A token, and how likely each of the two takes it to be.
    package typealias Guess = (text: String, reference: Double, candidate: Double)

    package var kld: Double
    package var sequence: Int
    package var position: Int
    /// The text before the token.
    package var before: String
    /// The token at the position, the last one that the models saw.
    package var token: String
    /// What follows in truth, where that is known.
    package var next: String?
    /// The most likely token of the reference.
    package var reference: Guess
    /// The most likely token of the candidate.
    package var candidate: Guess

    package init(
      kld: Double, sequence: Int, position: Int, before: String, token: String, next: String?,
      reference: Guess, candidate: Guess
    ) {
      (self.kld, self.sequence, self.position) = (kld, sequence, position)
      (self.before, self.token, self.next) = (before, token, next)
      (self.reference, self.candidate) = (reference, candidate)
    }
  }
}
