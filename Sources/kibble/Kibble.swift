import CSystem
import ToolSupport

/// The version of the program, recorded in the files that it writes.
let toolVersion = "0.1.0"

/// The command line program.
@main
package enum Kibble {
  package static func main() {
    kb_return_freed_buffers()
    tool.main()
  }

  /// All commands, in the order in which help lists them.
  package static let tool = CommandTool(
    version: toolVersion,
    summary: "Doge language models on small machines: convert, quantize, verify.",
    sections: [
      CommandSection("Start here", [DemoCommand.self, DoctorCommand.self]),
      CommandSection(
        "Make files",
        [
          ConvertCommand.self, QuantizeCommand.self, PackCommand.self, UnpackCommand.self,
          ExportCommand.self,
        ]),
      CommandSection(
        "Look inside",
        [InspectCommand.self, CheckCommand.self, DiffCommand.self, RecommendCommand.self]),
      CommandSection(
        "Talk",
        [ChatCommand.self, GenerateCommand.self, TokenizeCommand.self, RenderCommand.self]),
      CommandSection(
        "Run and compare",
        [
          VerifyCommand.self, PerplexityCommand.self, ScoreCommand.self, LogitsCommand.self,
          BenchCommand.self, PlotCommand.self,
        ]),
      CommandSection("For the shell", [CompletionsCommand.self, ManCommand.self]),
    ], modelNames: ["MODEL", "CHECKPOINT", "REFERENCE", "CANDIDATE", "OTHER", "A", "B"],
    findModel: { try HubCache.ofProcess().path(of: $0) })
}
