package message

// Dialect is what a session speaks, by which a trace reads what it sees.
type Dialect uint8

// What sessions speak.
const (
	SMPP Dialect = iota
	UCP          // EMI/UCP
	CIMD2
	AT // lines of a modem
)
