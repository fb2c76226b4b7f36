import Calibration
import Conversion
import Diagnostics
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing

/// The search for a mixed recipe.
@Suite struct MixedSearchTests {
  private func search(
    _ fixture: String = "doge-nano", rules: [(String, String)] = [],
    groupSizes: [Int] = EncodingRecipe.groupSizes
  ) throws -> MixedSearch {
    let base = EncodingRecipe(
      target: .mixed,
      rules: try rules.map {
        TensorRule(glob: Glob($0.0), type: try #require(TargetType(name: $0.1)))
      })
    return try MixedSearch(
      source: .open(path: Fixtures.folder(fixture)), base: base, groupSizes: groupSizes,
      toolVersion: "1.2.3")
  }

  /// What `body` throws, as a diagnostic.
  private func diagnostic(_ body: () throws -> Void) throws -> Diagnostic {
    let error = try #require(throws: (any Error).self) { try body() }
    return try #require(error as? any Diagnosable).diagnostic
  }

  /// Costs that fall with the bits, and differ from tensor to tensor.
  private func costs(_ search: MixedSearch) -> [RowCosts] {
    search.tensors.enumerated().map { index, tensor in
      tensor.geometries.map {
        let bits = Double($0.totalBytes) * 8 / Double($0.elementCount)
        let cost = Double(1 + index * 7 % 5) * 1 / (bits * bits)
        return Array(repeating: cost / Double($0.rows), count: $0.rows)
      }
    }
  }

  /// Costs of whole tensors.
  private func sums(_ costs: [RowCosts]) -> [[Double]] {
    costs.map { $0.map { $0.reduce(0, +) } }
  }

  /// Every large matrix may be stored in every quantized type, with short scales in every group
  /// size, or in bf16.
  @Test func candidates() throws {
    let search = try search()
    #expect(search.tensors.count == 29)
    let short = WeightType.allCases.filter(\.hasShortScales).count
    for tensor in search.tensors {
      let shorter = EncodingRecipe.groupSizes.filter { $0 < tensor.geometries[0].columns }.count
      #expect(tensor.geometries.count == short * (min(3, shorter + 1) + 1) + 1)
      #expect(tensor.geometries.last?.type == .bf16)
    }
    let one = try self.search(groupSizes: [64])
    #expect(one.tensors[0].geometries.count == 2 * short + 1)
    // Rows of 42 columns: groups of 64 hold them whole.
    let odd = try self.search("cases/odd-shapes")
    let q = try #require(odd.tensors.first { $0.spec.role == .q })
    #expect(Set(q.geometries.map(\.groupSize)) == [0, 32, 64])
  }

  /// Bits per weight are kept, and more of them never cost more.
  @Test func bitsPerWeight() throws {
    let search = try search()
    let costs = costs(search)
    let sums = sums(costs)
    var last = Double.infinity
    for bits in [2.4, 3.5, 4.3, 4.6, 5.05, 5.55, 6.6, 8.54, 16.5, 32] {
      let found = try search.recipe(under: .bitsPerWeight(bits), costs: costs)
      #expect(found.plan.bitsPerWeight <= bits)
      #expect(found.total.cost <= last)
      let bytes = found.plan.records.reduce(0) { $0 + $1.geometry.totalBytes }
      #expect(found.total.bytes == bytes)
      // No tensor could have the next larger type as well.
      let room = Int(bits * Double(found.plan.parameterCount) / 8) - bytes
      try #require(found.choices.count == search.tensors.count)
      for (index, choice) in found.choices.enumerated() {
        let own = try #require(search.tensors[index].geometries.firstIndex(of: choice.geometry))
        for (other, cost) in zip(search.tensors[index].geometries, sums[index]) {
          let fits = other.totalBytes - choice.geometry.totalBytes <= room
          #expect(!fits || cost >= sums[index][own])
        }
      }
      last = found.total.cost
    }
    #expect(last == sums.reduce(0) { $0 + ($1.min() ?? 0) })
  }

  /// The whole file keeps to a size.
  @Test func fileBytes() throws {
    let search = try search()
    let costs = costs(search)
    let converter = try Engine(threads: 2).converter
    for bytes in stride(from: 740_000, through: 900_000, by: 12_345) {
      let found = try search.recipe(under: .fileBytes(bytes), costs: costs)
      #expect(found.plan.fileLength <= bytes)
      // What is left is less than the smallest matrix would take of it, and a little for metadata.
      #expect(found.plan.fileLength > bytes - 1_000)
      #expect(try converter.load(found.plan).model.file.region.count == found.plan.fileLength)
    }
    let all = try search.recipe(under: .fileBytes(.max), costs: costs)
    #expect(all.choices.allSatisfy { $0.geometry.type == .bf16 })
  }

  /// A budget that nothing fits is answered with the smallest.
  @Test func tooSmall() throws {
    let search = try search()
    let costs = costs(search)
    func smallest(_ budget: SizeBudget) throws -> String {
      let error = try diagnostic { _ = try search.recipe(under: budget, costs: costs) }
      #expect(error.code == "conversion.budget-too-small" && error.kind == .usage)
      return try #require(error.message.split(separator: ":").last).filter {
        "0123456789.".contains($0)
      }
    }
    let bytes = try #require(Int(smallest(.fileBytes(1_000))))
    let found = try search.recipe(under: .fileBytes(bytes), costs: costs)
    #expect(found.plan.fileLength == bytes)
    #expect(try Int(smallest(.fileBytes(bytes - 1))) == bytes)
    let bits = try #require(Double(smallest(.bitsPerWeight(2))))
    let plan = try search.recipe(under: .bitsPerWeight(bits), costs: costs).plan
    #expect(plan.bitsPerWeight <= bits && plan.bitsPerWeight > bits - 0.001)
    #expect(found.plan.recipe.rules == plan.recipe.rules)
  }

  /// Rules fix tensors; the others get a rule each, by which the same file is written again.
  @Test func replay() throws {
    let fixed = [("model.embed_tokens.weight", "int8"), ("*norm*", "source")]
    let search = try search(rules: fixed)
    #expect(search.tensors.count == 28)
    let found = try search.recipe(under: .bitsPerWeight(6), costs: costs(search))
    let recipe = found.plan.recipe
    #expect(recipe.target == .mixed && recipe.rules.count == 30)
    #expect(recipe.rules.prefix(2).map(\.glob.pattern) == fixed.map(\.0))
    #expect(Set(found.choices.map(\.geometry.type)).count > 1)
    #expect(found.plan.records[0].geometry.type == .int8)
    let text = RecipeFile(recipe: recipe, budget: .bitsPerWeight(6)).text
    let read = try RecipeFile(bytes: Array(text.utf8), path: "r").recipe
    let engine = try Engine(threads: 2)
    let again = try engine.plan("doge-nano", read)
    let expected = try engine.converter.load(found.plan).model.file.bytes
    #expect(try engine.converter.load(again).model.file.bytes == expected)
    #expect(again.tensors.allSatisfy { $0.note != nil })
  }

  /// The front goes from the smallest to the best, and the search lies below it.
  @Test func front() throws {
    let search = try search()
    let found = try search.recipe(under: .bitsPerWeight(5), costs: costs(search))
    #expect(found.front.count > 29)
    #expect(zip(found.front, found.front.dropFirst()).allSatisfy { $0.bytes < $1.bytes })
    let reached = try #require(found.front.last { $0.bytes <= found.total.bytes })
    #expect(found.total.cost <= reached.cost)
    #expect(found.front[0].bytes < found.total.bytes)
  }
}
