/// The package's version, as CHANGELOG.md says it.
public let packageVersion = "0.1.0"
