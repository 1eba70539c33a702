package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// Where the run keeps its binaries; made and removed by TestMain.
var binaries string

// raceOptions go to programs with the race detector. When one ends it would wait a second for what other threads have to say; a tenth
// is enough, for ours ends when all its goroutines have.
const raceOptions = "halt_on_error=0 exitcode=66 atexit_sleep_ms=100"

func TestMain(m *testing.M) {
	code := func() int {
		dir, err := os.MkdirTemp("", "kurir-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binaries = dir
		raiseFiles()
		os.Setenv("GORACE", raceOptions)
		return m.Run()
	}()
	os.Exit(code)
}

// raiseFiles lets this process, and those that it starts, open as many files as the system allows.
func raiseFiles() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < limit.Max {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}

var (
	buildRace  = sync.OnceValues(func() (string, error) { return build("kurir-race", "-race", "-gcflags=modernc.org/...=-race=false") })
	buildPlain = sync.OnceValues(func() (string, error) { return build("kurir") })
)

// build compiles cmd/kurir.
func build(name string, flags ...string) (string, error) { return buildIn("..", name, flags...) }

// buildIn is build of the repository in a folder.
func buildIn(dir, name string, flags ...string) (string, error) {
	out := filepath.Join(binaries, name)
	args := append([]string{"build", "-o", out}, flags...)
	cmd := exec.Command("go", append(args, "./cmd/kurir")...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %v: %w\n%s", args, err, text)
	}
	return out, nil
}

// raceBinary is the program with the race detector.
func raceBinary(t testing.TB) string { return built(t, buildRace) }

// plainBinary is the program as it is shipped, for what is measured.
func plainBinary(t testing.TB) string { return built(t, buildPlain) }

func built(t testing.TB, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// inCI tells whether nothing may be skipped.
func inCI() bool { return os.Getenv("CI") == "true" }

// long tells whether the long variants are wanted: KURIR_LONG=1.
func long() bool { return os.Getenv("KURIR_LONG") != "" }

// missing skips the test because something is not installed, and fails it in CI.
func missing(t testing.TB, what string) {
	t.Helper()
	if inCI() {
		t.Fatalf("%s; CI=true, so nothing may be left out (make peers installs it)", what)
	}
	t.Skipf("%s; make peers installs it", what)
}
