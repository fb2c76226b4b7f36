import JSONCore
import ToolSupport

/// `kibble man`: the manual page.
struct ManCommand: Command {
  static let spec = CommandSpec(
    name: "man", summary: "print the manual page of all commands",
    discussion: [
      "The page is in roff, for man 1. That of a version is always the same: it has no date."
    ],
    examples: [
      .init("read it", "man | man -l -"),
      .init("install it", "man > ~/.local/share/man/man1/kibble.1"),
    ])

  /// What the commands have in common.
  private static let description = [
    "kibble runs Doge language models on small machines, and proves that what runs there is still "
      + "the same model. It converts checkpoints of Hugging Face (safetensors and config.json) to "
      + ".kibble files, which are mapped and run in place, quantizes them to 2 to 8 bits a weight, "
      + "compares the logits of both, and talks.",
    "A MODEL is a checkpoint folder, a folder of the Hugging Face cache or a .kibble file, packed "
      + "or not, everywhere.",
    "Options may stand anywhere, as --name VALUE or --name=VALUE; -- ends them. A value that begins "
      + "with a dash is written with the equals sign. Results go to the standard output, messages "
      + "and progress to the standard error. An output appears under its name when it is whole.",
  ]

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let page = Kibble.tool.manPage(description: Self.description)
    if context.json {
      try context.emit(["schema": "kibble.man/1", "page": .string(page)])
    } else {
      try context.output.write(page)
    }
    return .success
  }
}
