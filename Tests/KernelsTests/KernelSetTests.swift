import Kernels
import Testing

@Suite struct KernelSetTests {
  @Test func scalarKernelsAreAlwaysThereAndTheBestIsChosen() throws {
    #expect(InstructionSet.available.first == .scalar)
    #expect(try KernelSet().isa == InstructionSet.available.last)
  }

  @Test(arguments: InstructionSet.allCases)
  func setsAreNamedAlikeOrRefused(isa: InstructionSet) throws {
    guard isa.isAvailable else {
      #expect(throws: KernelError.notAvailable(isa)) { try KernelSet(isa) }
      let diagnostic = KernelError.notAvailable(isa).diagnostic
      #expect(diagnostic.kind == .unsupported)
      #expect(diagnostic.message.contains(isa.rawValue))
      return
    }
    let set = try KernelSet(isa)
    #expect(set.isa == isa)
    #expect(String(cString: set.table.pointee.name) == isa.rawValue)
    #expect(set.table.pointee.token_block > 0)
  }
}
