// Command kurir is an SMS gateway and the tools that belong to it. Each command has a file of its own; this one
// turns signals into a cancelled context and errors into an exit code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones of receipts, also where the system has none
)

// version is the revision that was built; the linker sets it (make build).
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := newRootCmd().ExecuteContext(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "kurir:", err)
	}
	stop()
	var exit *exitError
	if errors.As(err, &exit) {
		os.Exit(exit.code)
	}
	os.Exit(1)
}

// errReported is returned by a command that has already told the user what is wrong.
var errReported = errors.New("reported")
