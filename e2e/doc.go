// Package e2e runs the whole program as a black box, over real sockets, against the simulator, against the programs
// of others, and on bad days.
//
// The procedure of a test:
//
//  1. The binary is built once per run, with the race detector for functional tests and without it where speed or
//     memory counts. build_test.go
//  2. The test starts a simulator and servers with configuration of its own, on ports of its own. server_test.go,
//     process_test.go
//  3. It speaks REST, Kannel's interface, SMPP, and listens to webhooks. client_test.go, esme_test.go, hook_test.go
//  4. It waits for events, never for a time; where an outside program tells nothing it looks again and again.
//     wait_test.go
//  5. At the end every process is stopped by its own process id, and its output is searched for data races, panics,
//     texts of messages, passwords and keys. process_test.go
//
// Programs of others are started by hand on free ports. One that is not installed skips its tests, and fails them
// when CI=true. docs/testing.md lists the experiments and how to run each.
package e2e
