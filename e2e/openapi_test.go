package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// readers runs programs of others that read /openapi.json: those of the folder openapi.
type readers struct {
	t   *testing.T
	dir string // in which their packages are found
}

func openReaders(t *testing.T) *readers {
	t.Helper()
	lookPath(t, "node", "Node.js")
	if _, err := os.Stat("openapi/node_modules/openapi-typescript"); err != nil {
		missing(t, "the npm packages of e2e/openapi are not installed")
	}
	dir, err := filepath.Abs("openapi")
	if err != nil {
		t.Fatal(err)
	}
	run, err := os.MkdirTemp(dir, "run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(run) })
	for _, name := range []string{"client.ts", "tsconfig.json", "validate.mjs"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(run, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &readers{t, run}
}

// run starts a program with node and gives what it prints.
func (r *readers) run(args ...string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("node %s: %v\n%s", strings.Join(args[:1], " "), err, out)
	}
	return string(out)
}

// TestOpenAPI holds /openapi.json to the specification by a validator of others, and has a client made of it that sends,
// reads back and lists: what does not agree with the types of the document does not compile.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	readers := openReaders(t)
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	document := "http://" + s.http + "/openapi.json"

	var judged struct {
		Valid   bool
		Version string
		Errors  json.RawMessage
	}
	if err := json.Unmarshal([]byte(readers.run("validate.mjs", document)), &judged); err != nil || !judged.Valid || judged.Version != "3.1" {
		t.Errorf("the document is not valid: %v %+v %.3000s", err, judged.Version, judged.Errors)
	}

	modules := filepath.Join("..", "node_modules")
	readers.run(filepath.Join(modules, "openapi-typescript", "bin", "cli.js"), document, "-o", "schema.d.ts")
	readers.run(filepath.Join(modules, "typescript", "bin", "tsc"), "-p", ".")
	var got struct {
		ID, State, Reference, Wrong, Mistyped string
		Listed                                []string
	}
	const to = "+46701234567"
	if err := json.Unmarshal([]byte(readers.run("client.js", "http://"+s.http, apiKey, to)), &got); err != nil {
		t.Fatal(err)
	}
	if got.State != "delivered" || got.Reference != "generated 1" || len(got.Listed) != 1 || got.Listed[0] != got.ID {
		t.Errorf("the generated client read back %+v", got)
	}
	if got.Wrong != "bad_recipient" || got.Mistyped != "wrong_type" {
		t.Errorf("the generated client was refused with %q and %q", got.Wrong, got.Mistyped)
	}
	if phone := sim.Messages(simulator.Filter{To: "46701234567"}); len(phone) != 1 || phone[0].Text != "Hello from a generated client" {
		t.Errorf("the phone has %+v", phone)
	}
}
