// Package pgtest gives tests a PostgreSQL of their own. Only tests import it.
//
// A test that wants a database asks for one:
//
//	url := pgtest.Shared(t).Database(t)
//
// An experiment that treats the server badly starts its own, with Start, and has Stop, Kill, Pause, Restart, Standby,
// Promote, a Disk that fills up, and a Proxy that is cut.
//
// What happens:
//
//  1. The first server of a test binary makes one temporary folder for all of them, and starts a shell beside them that
//     waits for the binary to end (tidy.go, tidy.sh). It ends what runs in the folder and removes the folder, however the
//     binary ended: nothing stays behind after a panic, os.Exit or SIGKILL, and no TestMain is needed.
//  2. A copy of what initdb has made once becomes a cluster in a folder below it: UTF-8, locale C, everybody on loopback trusted (cluster.go).
//     PostgreSQL refuses to be run by root, so root runs it as the user postgres, or nobody (binaries.go).
//  3. The kernel chooses the port and keeps it for us while the server is down (port.go): nobody else gets it, and a client
//     that tries meanwhile is refused.
//  4. Our own questions to the server go through a socket in its folder (ask.go), so that they work whatever an
//     experiment does to the network.
//  5. Each database belongs to the role kurir, which is not a superuser, and is dropped when its test is over.
//
// Without PostgreSQL a test is skipped; with CI=true it fails. All of it takes real time: call it outside bubbles of
// testing/synctest. No goroutine is left behind for goleak.
package pgtest
