// Package wire is what sessions of several protocols have in common: accepting connections within limits ([Acceptor]),
// coming back after failures ([Backoff]), measuring a peer's answers ([Latency]), and, for those protocols whose frames
// stand between STX and ETX and are numbered within an octet (UCP, CIMD2), the session itself.
//
// # Sessions
//
// A [Session] is one connection and looks the same from both sides. A [Protocol] tells it how frames are made and read:
//
//  1. [NewSession] takes a connection, [Session.Run] reads from it. Whatever stands between an ETX and the next STX is
//     skipped; an STX within a frame begins a new one (frame.go). All frames of one read are decoded, then given to the
//     [Handler] in one call for responses and one for requests (reader.go).
//  2. What does not belong there is answered by the session itself, in the protocol's words: frames that cannot be read,
//     requests before the log-in, questions whether we live.
//  3. [Session.Send] numbers requests and enters them into the window (window.go); [Session.Respond] answers the peer's.
//     Both only append to a buffer; one goroutine, which exists while there is something to write, writes whatever has
//     gathered in one piece (writer.go).
//  4. A response finds its request by number and operation among our own requests. As a number must not be used again
//     while its request is open, a request that is not answered in time ends the session.
//  5. The timers (log-in, alive, response, inactivity) are one function of what happened and of the time; the
//     read's deadline is set to the moment of the next (timers.go).
//  6. When the session ends, for whatever reason, every outstanding request gets its error, and Run returns.
//
// Memory is bounded whatever comes in: a frame by MaxFrame, the requests of a peer by PeerWindow, and octets that a peer
// does not take by about a mebibyte, above which it is not read from. An idle session has one goroutine and a buffer of
// 4 KiB.
//
// [Dialer] connects, logs in and goes through hosts; [Server] accepts connections and log-ins.
package wire
