package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"kurir/load"
)

// generator is `kurir load` in a process of its own.
type generator struct {
	process
	out   bytes.Buffer
	marks chan string // those of --marks; closed when it has ended
	err   error       // of Wait; read after marks is closed
}

// startGenerator runs the generator; it ends with the context.
func startGenerator(ctx context.Context, kurir string, args []string) (*generator, error) {
	args = append(append([]string{"load"}, args...), "--quiet", "--json", "--marks")
	g := &generator{marks: make(chan string, 3)}
	g.name, g.cmd = "generator", exec.CommandContext(ctx, kurir, args...)
	g.cmd.Stdout, g.cmd.SysProcAttr = &g.out, withMe()
	says, err := g.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the generator: %w", err)
	}
	go func() {
		g.listen(says)
		g.err = g.cmd.Wait()
		close(g.marks)
	}()
	return g, nil
}

// listen passes on what the generator says.
func (g *generator) listen(says io.Reader) {
	for lines := bufio.NewScanner(says); lines.Scan(); {
		switch line := lines.Text(); line {
		case "bound", "measuring", "measured":
			g.marks <- line
		default:
			fmt.Fprintln(os.Stderr, line)
		}
	}
}

// reaches waits until the generator has come to a mark.
func (g *generator) reaches(mark string) error {
	for m := range g.marks {
		if m == mark {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("the generator ended before it was %s", mark), g.err)
}

// report waits for the end.
func (g *generator) report() (rep load.Report, err error) {
	for range g.marks { // until it is closed
	}
	if g.err != nil {
		return rep, fmt.Errorf("kurir %s: %w", strings.Join(g.cmd.Args[1:], " "), g.err)
	}
	if err := json.Unmarshal(g.out.Bytes(), &rep); err != nil {
		return rep, fmt.Errorf("read what the generator printed: %w", err)
	}
	return rep, nil
}

// generate runs the generator to its end.
func generate(ctx context.Context, kurir string, args ...string) (load.Report, error) {
	g, err := startGenerator(ctx, kurir, args)
	if err != nil {
		return load.Report{}, err
	}
	return g.report()
}
