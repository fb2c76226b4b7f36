// swift-tools-version: 6.2
// A package of its own that uses kibble's libraries as any other package would: through public API.
import PackageDescription

let package = Package(
  name: "ImportCheck",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "kibble", path: "../..")],
  targets: [
    .executableTarget(
      name: "ImportCheck", dependencies: [.product(name: "Kibble", package: "kibble")])
  ],
  swiftLanguageModes: [.v6]
)
