import JSONCore
import Testing
import ToolSupport

@Suite struct HelpTests {
  private func output(_ line: String...) -> String {
    let transcript = Transcript()
    let output = StandardOutput { bytes throws(OutputError) in
      transcript.append(String(decoding: bytes, as: UTF8.self))
    }
    _ = tool.run(
      arguments: line, in: .init(terminal: Terminal(), output: output, writeError: { _ in }))
    return transcript.text
  }

  /// A line for each option, cut where part of its sentence ends.
  @Test func screen() {
    #expect(
      output("help", "convert") == """
        kibble convert: turn a checkpoint into a .kibble file

        Usage: kibble convert CHECKPOINT -o FILE [OPTION…]

        Arguments:
          CHECKPOINT  a checkpoint folder

        Options:
          -o, --output FILE     where to write
              --type T          the type of the weights: source, int8, int4
              --group-size N    columns in a group (default: 32)
              --max-mean-kld X  the highest mean KLD that passes
              --tensor GLOB=T   the type of the tensors that match

        Examples:
          kibble convert ./doge -o doge.kibble --type int8

        Every command takes --json, --quiet, --threads N, --isa NAME, --color WHEN,
        --force, --dry-run, -h, --version: 'kibble help' has them. 'kibble help convert
        --all' explains everything.

        """)
  }

  @Test func commandHelp() {
    #expect(
      output("help", "convert", "--all") == """
        kibble convert: turn a checkpoint into a .kibble file

        Usage: kibble convert CHECKPOINT -o FILE [OPTION…]

        Reads the checkpoint tensor by tensor.

        Arguments:
          CHECKPOINT  a checkpoint folder

        Options:
          -o, --output FILE     where to write (required)
              --type T          the type of the weights: source, int8, int4 (default:
                                source)
              --group-size N    columns in a group (default: 32)
              --max-mean-kld X  the highest mean KLD that passes
              --tensor GLOB=T   the type of the tensors that match (may be repeated)

        Options of every command:
              --json        print one JSON object on stdout and nothing else
              --quiet       print results only: no progress, warnings or summaries
              --threads N   use at most N threads (default: one per processor)
              --isa NAME    the kernel set to use instead of the best one here: scalar,
                            avx2, avx512, avx512vnni, neon, neondot
              --color WHEN  colour the messages: auto, always, never (default: auto)
              --force       replace an output that exists
              --dry-run     say what would be written, and write nothing
          -h, --help        show help and end
              --version     show the version and end

        Examples:
          # eight bits
          kibble convert ./doge -o doge.kibble --type int8

        """)
  }

  @Test func overview() {
    #expect(
      output("help") == """
        A tool for tests.

        Usage: kibble COMMAND [ARGUMENT…] [OPTION…]

        Make:
          convert  turn a checkpoint into a .kibble file

        Look:
          inspect  look inside
          help     show what there is, or explain one command

        Options of every command:
              --json        print one JSON object on stdout and nothing else
              --quiet       print results only: no progress, warnings or summaries
              --threads N   use at most N threads (default: one per processor)
              --isa NAME    the kernel set to use instead of the best one here: scalar,
                            avx2, avx512, avx512vnni, neon, neondot
              --color WHEN  colour the messages: auto, always, never (default: auto)
              --force       replace an output that exists
              --dry-run     say what would be written, and write nothing
          -h, --help        show help and end
              --version     show the version and end

        Exit codes:
          0    done
          1    a gate failed, or a difference was found
          64   the command line can't be understood
          65   the input is damaged or doesn't fit together
          66   there is no such input
          69   this model or processor isn't supported
          70   an error in kibble itself
          73   the output can't be created
          74   reading or writing failed, or the disk is full
          130  interrupted (143: terminated, 141: the reader of stdout went away)

        'kibble help COMMAND' shows a command's arguments, options and examples.

        """)
  }

  @Test func askingInOtherWays() {
    #expect(output("convert", "--help") == output("help", "convert"))
    #expect(output("convert", "x", "-h", "y") == output("help", "convert"))
    #expect(output("--help") == output("help"))
    #expect(output("help", "--help") == output("help"))
    #expect(output("help", "help") == output("help"))
  }

  @Test func filesAreOnlyForCommandsThatWriteThem() {
    #expect(!output("help", "inspect").contains("--force"))
    #expect(
      output("help", "inspect").contains("Usage: kibble inspect MODEL [NAME] [ID…] [OPTION…]"))
  }

  @Test func linesFit() {
    for text in [output("help"), output("help", "convert"), output("help", "inspect")] {
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        #expect(displayWidth(String(line)) <= 80)
        #expect(line.last != " ")
      }
    }
  }

  @Test func helpAsData() throws {
    let all = try JSON.parse(Array(output("help", "--json").utf8))
    let names = all.objectValue?["commands"]?.arrayValue?.map { $0.objectValue?["name"] }
    #expect(names == ["convert", "inspect", "help"])
    let one = try JSON.parse(Array(output("help", "convert", "--json").utf8))
    let command = one.objectValue?["commands"]?.arrayValue?.first?.objectValue
    #expect(command?["arguments"]?.arrayValue?.count == 1)
    #expect(
      command?["options"]?.arrayValue?.dropFirst().first == [
        "name": "--type", "short": nil, "value": "T", "summary": "the type of the weights",
        "choices": ["source", "int8", "int4"], "default": "source", "required": false,
        "repeated": false,
      ])
  }
}
