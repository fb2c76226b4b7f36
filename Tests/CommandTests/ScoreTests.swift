import Foundation
import JSONCore
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// `kibble score` on the small trained model.
@Suite struct ScoreTests {
  private let model = Fixtures.folder("doge-nano")
  private let questions = [
    #"{"context": "In the", "choices": [" beginning", " zzz"], "answer": 0}"#,
    #"{"context": "", "choices": ["In", "zzz", "q"], "answer": 2}"#, "",
    #"{"context": "God said, ", "choices": ["Let there be", "x"], "answer": null}"#,
    #"{"context": "And the", "choices": [" earth", " zq", " xx"], "answer": 1}"#,
  ].joined(separator: "\n")

  @Test func lines() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("q.jsonl", questions)
    let run = try kibble("score", model, "--jsonl", file)
    #expect(run.code == 0)
    #expect(run.errors.contains("right") && run.errors.contains("of 3"))
    let lines = try run.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
    try #require(lines.count == 4)
    for (line, count) in zip(lines, [2, 3, 2, 3]) {
      for key in ["loglikelihoods", "tokens", "bytes", "greedy"] {
        #expect(line[key]?.arrayValue?.count == count)
      }
    }
    #expect(lines[0]["choice"] == 0 && lines[0]["choice_norm"] == 0)
    #expect(lines[1]["bytes"] == [2, 3, 1])
    #expect(lines[3]["choice"] == 0)
    let threads = try kibble("score", model, "--jsonl", file, "--threads", "1")
    #expect(threads.output == run.output)
  }

  /// An answer comes before the next question, so that a program can ask one after the other.
  @Test func linesOfStdinAreAnsweredAsTheyCome() throws {
    let folder = try TemporaryFolder()
    let question = Array(#"{"context": "In the", "choices": [" beginning", " end"]}"#.utf8) + [0x0A]
    try #require(mkfifo(folder.path("questions"), 0o600) == 0)
    let questions = open(folder.path("questions"), O_RDWR | O_CLOEXEC)
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let child = try Child(
      ["score", model, "--jsonl", "-", "--quiet"], inputPath: folder.path("questions"),
      output: ends[1])
    close(ends[1])
    for _ in 0..<2 {
      #expect(write(questions, question, question.count) == question.count)
      var answer = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
      try #require(poll(&answer, 1, 60_000) == 1, "no answer")
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(ends[0], &bytes, bytes.count)
      let line = try JSON.parse(Array(bytes.prefix(max(0, count))))
      #expect(line["loglikelihoods"]?.arrayValue?.count == 2)
    }
    close(questions)
    #expect(try child.wait().code == 0)
    close(ends[0])
  }

  @Test func summary() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("q.jsonl", questions)
    let int4 = folder.path + "/int4.kibble"
    #expect(try kibble("convert", model, "-o", int4, "--type", "int4", "--quiet").code == 0)
    let run = try kibble("score", model, int4, "--jsonl", file, "--json")
    #expect(run.code == 0)
    let json = try run.json
    #expect(json["schema"] == "kibble.score/1")
    #expect(json["items"] == 4 && json["answered"] == 3)
    let accuracy = try #require(json["accuracy"]?.doubleValue)
    #expect(abs(accuracy - 1.0 / 3) < 1e-15)
    let error = try #require(json["accuracy_se"]?.doubleValue)
    #expect(abs(error - (1.0 / 9).squareRoot()) < 1e-15)
    for key in ["accuracy_norm", "accuracy_norm_se", "agreement_norm", "agreement_se"] {
      #expect(json[key]?.doubleValue != nil)
    }
    // The lines of the same run lead to the same figures.
    let lines = try kibble("score", model, int4, "--jsonl", file, "--quiet").output
      .split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
    let same = lines.filter { $0["choice"] == $0["other"]?["choice"] }.count
    #expect(json["agreement"] == JSON(Double(same) / 4))
    let answers: [JSON?] = [0, 2, nil, 1]
    let right = zip(lines, answers).map { line, answer in
      (answer != nil && line["choice"] == answer, line["other"]?["choice"] == answer)
    }
    #expect(json["mcnemar"]?["only_first"] == JSON(right.filter { $0.0 && !$0.1 }.count))
    #expect(json["mcnemar"]?["only_other"] == JSON(right.filter { !$0.0 && $0.1 }.count))
    let other = json["other"]?["accuracy"]?.doubleValue
    #expect(other == Double(right.filter(\.1).count) / 3)
  }

  @Test func aContextThatIsTooLongIsCut() throws {
    let folder = try TemporaryFolder()
    let long = String(repeating: "and the earth ", count: 30)
    let file = try folder.write(
      "q.jsonl", (["context": .string(long), "choices": [" was", " is"]] as JSON).serialized())
    let cut = try kibble("score", model, "--jsonl", file, "--context", "20")
    #expect(cut.code == 0 && cut.errors.contains("2 choices") && cut.errors.contains("20 tokens"))
    let whole = try kibble("score", model, "--jsonl", file)
    #expect(whole.code == 0 && !whole.errors.contains("left out"))
    #expect(whole.output != cut.output)
  }

  @Test(arguments: [
    (#"{"context": "a"}"#, "choices"), (#"{"choices": ["a"]}"#, "context"),
    (#"{"context": "a", "choices": []}"#, "choices"),
    (#"{"context": ["a", "b"], "choices": ["c", "d", "e"]}"#, "context"),
    (#"{"context": "a", "choices": ["b", ""]}"#, "choice 1"),
    (#"{"context": "a", "choices": ["b"], "answer": 1}"#, "answer"),
    (#"{"context": "a", "choices": ["b"], "answer": "A"}"#, "answer"),
    (#"{"context": "a", "choices": ["b", 3]}"#, "choices"), ("[]", "object"), ("{", "JSON"),
  ])
  func whatIsWrongIsSaid(_ line: String, _ word: String) throws {
    let good = #"{"context": "a", "choices": [" b"]}"#
    let folder = try TemporaryFolder()
    let file = try folder.write("q.jsonl", good + "\n" + line + "\n")
    let run = try kibble("score", model, "--jsonl", file)
    // What came before the line is scored.
    #expect(run.code == 65 && run.output.split(separator: "\n").count == 1)
    #expect(run.errors.contains("line 2") && run.errors.contains(word))
  }
}
