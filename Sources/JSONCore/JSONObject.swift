/// A JSON object: members in order, keys unique.
///
/// Keys are the same when their bytes are: spellings of one character that Unicode calls
/// equivalent, as in the vocabulary of a tokenizer, are different keys.
/// Two objects are equal when they hold equal members in the same order.
public struct JSONObject: Sendable {
  /// A key and its value.
  public struct Member: Equatable, Sendable {
    /// The key, with its escapes resolved; compared by its bytes.
    public var key: String
    /// Any JSON value.
    public var value: JSON

    /// A member of that key and value.
    public init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The members in order.
  public private(set) var members: [Member] = []

  /// Where each key stands; built only for objects that are too long to be searched.
  private var positions: [ExactText: Int] = [:]

  private static let longestSearched = 16

  /// An object without members.
  public init() {}

  /// An object of these pairs; a key that occurs again replaces the value it had.
  public init(_ pairs: some Sequence<(String, JSON)>) {
    for (key, value) in pairs { self[key] = value }
  }

  /// The number of members.
  public var count: Int { members.count }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The keys in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key; setting it replaces, appends or, with nil, removes a member.
  public subscript(key: String) -> JSON? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil): remove(at: position)
      case (nil, let value?): append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Appends a member unless its key is taken; says whether it did.
  mutating func appendIfNew(key: String, value: JSON) -> Bool {
    guard position(of: key) == nil else { return false }
    append(Member(key: key, value: value))
    return true
  }

  private func position(of key: String) -> Int? {
    let key = ExactText(key)
    return positions.isEmpty
      ? members.firstIndex { ExactText($0.key) == key } : positions[key]
  }

  private mutating func append(_ member: Member) {
    if !positions.isEmpty { positions[ExactText(member.key)] = members.count }
    members.append(member)
    if positions.isEmpty && members.count > Self.longestSearched { indexMembers() }
  }

  private mutating func remove(at position: Int) {
    members.remove(at: position)
    if !positions.isEmpty { indexMembers() }
  }

  private mutating func indexMembers() {
    positions.removeAll(keepingCapacity: true)
    for (position, member) in members.enumerated() {
      positions[ExactText(member.key)] = position
    }
  }
}

extension JSONObject: Equatable {
  /// Whether both hold equal members in the same order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members == right.members
  }
}
