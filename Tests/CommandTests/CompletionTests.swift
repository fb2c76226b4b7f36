import Foundation
import JSONCore
import KibbleTool
import TestSupport
import Testing
import ToolSupport

/// Completions in the shells that they are for, where those are installed.
@Suite struct CompletionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for shell in CompletionShell.allCases {
      let run = try kibble("completions", shell.rawValue)
      try #require(run.code == 0 && run.errors == "")
      try folder.write("completions.\(shell.rawValue)", run.output)
    }
    try folder.write("files/unique-file", "")
    try folder.write("files/two words", "")
    try folder.write("files/subfolder/inner", "")
    try folder.write("files/subfile", "")
  }

  /// What is typed, each > being a tab, and what kibble gets then; a tab may be for nothing.
  static let typed = [
    ("recom>", "<recommend>"),
    ("quantize m --sav>uniq>", "<quantize><m><--save-recipe><unique-file>"),
    ("quantize m --type int8s> -o uniq>", "<quantize><m><--type><int8s><-o><unique-file>"),
    ("quantize m --method=gp>", "<quantize><m><--method=gptq>"),
    (
      "quantize tw> --tensor a=int4:128 --color nev>",
      "<quantize><two words><--tensor><a=int4:128><--color><never>"
    ),
    ("diff uniq>uniq>", "<diff><unique-file><unique-file>"),
    ("verify a b c uniq>", "<verify><a><b><c><unique-file>"),
    ("demo -o sub>", "<demo><-o><subfolder>"),
    ("tokenize m uniq>", "<tokenize><m><uniq>"),
    ("--isa scal>recom>", "<--isa><scalar><recommend>"),
    ("help recom>", "<help><recommend>"),
    ("completions zs>", "<completions><zsh>"),
  ]

  private func compareTyped(in shell: CompletionShell, by type: (String) -> String) throws {
    let lines = Self.typed.map { "kibble " + $0.0.replacing(">", with: "\t") + "\n" }
    let begin = """
      cd '\(folder.path("files"))'
      . ../completions.\(shell.rawValue)
      kibble() { printf '<%s>' "$@" >> ../typed; echo >> ../typed; }

      """
    _ = try Shell.run(shell, type(begin + lines.joined() + "exit\n"))
    // zsh puts an equals sign behind some options instead of a space, and takes a slash back.
    let got = try String(decoding: folder.read("typed"), as: UTF8.self)
      .replacing("--save-recipe=", with: "--save-recipe><").replacing("/>", with: ">")
    #expect(got.split(separator: "\n").map(String.init) == Self.typed.map(\.1))
  }

  @Test(.enabled(if: Shell.installed.contains(.bash))) func typedInBash() throws {
    // With -i it edits its lines even where they don't come from a terminal.
    try compareTyped(in: .bash) { lines in
      "TERM=dumb exec bash --norc --noprofile -i <<'END'\n\(lines)END\n"
    }
  }

  @Test(.enabled(if: Shell.installed.contains(.zsh))) func typedInZsh() throws {
    try compareTyped(in: .zsh) { lines in
      """
      zmodload zsh/zpty && zpty shell 'TERM=dumb zsh -f -i'
      zpty -w shell 'autoload -Uz compinit; compinit -D -u'
      while IFS= read -r line; do zpty -w shell "$line"; done <<'END'
      \(lines)END
      while zpty -r shell line; do :; done
      """
    }
  }

  /// Asks for each line's last word, and expects the words that the table has there.
  private func compareTable(_ shell: CompletionShell, ask: (String) -> String) throws {
    var expected: [(line: String, words: Set<String>)] = []
    let names = Kibble.tool.specs.map(\.name)
    expected.append(("kibble ", Set(names)))
    expected.append(("kibble help ", Set(names)))
    for command in Kibble.tool.specs {
      let global = OptionSpec.global.filter {
        command.writesFile || ($0 != .force && $0 != .dryRun)
      }
      let options = command.options + global
      expected.append(("kibble \(command.name) --", Set(options.map(\.spelling))))
      for option in options where !option.choices.isEmpty {
        expected.append(("kibble \(command.name) \(option.spelling) ", Set(option.choices)))
      }
    }
    let run = try Shell.run(shell, expected.map { ask($0.line) }.joined(separator: "\n"))
    let answers = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    try #require(answers.count == expected.count + 1)
    for (answer, expected) in zip(answers, expected) {
      let words = answer.split(separator: " ").map(String.init)
      #expect(Set(words) == expected.words, "\(shell): \(expected.line)")
      #expect(words.count == expected.words.count, "\(shell): \(expected.line)")
    }
  }

  @Test(.enabled(if: Shell.installed.contains(.bash))) func allThatBashOffers() throws {
    let script = folder.path("completions.bash")
    try compareTable(.bash) { line in
      """
      [[ $(type -t _kibble) ]] || { set -u; source '\(script)'; compopt() { :; }; }
      line='\(line)'; COMP_WORDS=($line); [[ $line == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _kibble; echo "${COMPREPLY[*]}"
      """
    }
  }

  @Test(.enabled(if: Shell.installed.contains(.fish))) func allThatFishOffers() throws {
    let script = folder.path("completions.fish")
    try compareTable(.fish) { line in
      "functions -q __kibble_command_is; or source '\(script)'\n"
        + "echo (complete -C '\(line)' | string replace -r '\\t.*' '')"
    }
  }

  @Test(.enabled(if: Shell.installed.contains(.fish))) func filesInFish() throws {
    let lines = [
      "quantize m -o uniq", "quantize m --save-recipe uniq", "diff a uniq", "demo -o ",
      "inspect m --tensor ", "doctor ", "--threads 2 recom",
    ]
    let run = try Shell.run(
      .fish,
      "cd '\(folder.path("files"))'; source ../completions.fish\n"
        + lines.map { "echo (complete -C 'kibble \($0)' | string replace -r '\\t.*' '')" }
        .joined(separator: "\n"))
    #expect(
      run.output.split(separator: "\n", omittingEmptySubsequences: false) == [
        "unique-file", "unique-file", "unique-file", "subfolder/", "", "", "recommend", "",
      ])
  }

  @Test(arguments: Shell.installed) func theShellAcceptsItsScript(_ shell: CompletionShell) throws {
    let script = folder.path("completions.\(shell.rawValue)")
    let run = try Child(["-n", script], program: shell.rawValue).wait()
    #expect(run.code == 0 && run.output == "" && run.errors == "")
  }

  @Test func asDataAndRefusals() throws {
    let json = try kibble("completions", "zsh", "--json").json
    #expect(json["shell"]?.stringValue == "zsh")
    #expect(
      try json["script"]?.stringValue
        == String(decoding: folder.read("completions.zsh"), as: UTF8.self))
    let other = try kibble("completions", "tcsh", "--json")
    #expect(other.code == 64)
    #expect(try other.error["code"]?.stringValue == "usage.invalid-choice")
  }

  /// Whoever names a value decides here whether it is a path.
  @Test func everyPlaceholderIsAPathOrNone() {
    let others: Set = [
      "BYTES", "COMMAND", "GLOB=T[:N]", "ID=X", "KEY=JSON", "N", "NAME", "PIXELS", "S", "STEPS",
      "TEXT", "X",
    ]
    var found: Set<String> = []
    for command in Kibble.tool.specs {
      for option in command.options + OptionSpec.global where option.hint == .anything {
        found.insert(option.placeholder ?? "")
      }
      for positional in command.positionals where positional.hint == .anything {
        found.insert(positional.name)
      }
    }
    #expect(found == others)
  }
}
