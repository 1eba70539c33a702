// Package modem speaks AT with GSM modems in PDU mode: serial and USB devices,
// ptys, and TCP serial servers.
//
// A [Modem] is one modem with its SIM, which [Modem.Run] keeps in use:
//
//  1. The devices of the configuration are tried in order until one answers, and
//     has the right serial number (IMEI), so that a modem is found again that
//     the system has given another name. port.go, port_linux.go
//  2. The modem is told how to talk, identified, and its SIM unlocked. A PIN is
//     written down before it is tried, and never tried twice if it was wrong.
//     start.go, pin.go
//  3. The storage for messages and the way in which the modem tells of them are
//     chosen; what lies in the storages is handed over. inbox.go
//  4. Then one goroutine talks to the modem, a command at a time: what [Modem.Send]
//     and [Modem.USSD] ask for, what the modem says of itself, what was
//     acknowledged. session.go, send.go, ussd.go
//  5. A modem that does not answer in time, or whose device is gone, is opened
//     anew: with its line DTR dropped, after a restart by AT+CFUN, at last with
//     the command of the configuration. modem.go
//
// A message stays in the modem's storage until its Ack says that it is on the
// caller's disk; then its place is read once more, and removed if it still has that
// message. After a crash at whatever step a message is handed over again, and
// none is lost. Messages are asked for in a way that stores them; one that comes
// directly all the same, and status reports, are acknowledged to the network
// after their Ack (AT+CNMA), where the modem can do that.
//
// Beneath lie lines (lines.go) and the [dialogue] (dialogue.go), which tells
// answers, prompts and PDUs from what the modem says in the middle of them, and
// puts up with echoes and garbage. Long messages come as their parts.
//
// The service centre's address is the SIM's, unless the configuration or a
// message has another; the SIM's is never written. Errors are [Error] with their
// code and kind (errors.go, error_codes.go).
//
// Specifications: 3GPP TS 27.005 and 27.007, ITU-T V.250.
package modem
