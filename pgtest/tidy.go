package pgtest

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

//go:embed tidy.sh
var tidyScript string

// root is made when the first server starts, and lives as long as the process.
var root = sync.OnceValues(makeRoot)

// rootFolder is the folder of all servers of this test binary.
type rootFolder struct {
	dir     string
	script  *os.File // the input of the script that removes the folder when this end is closed, by the end of the process
	servers counter
}

// counter gives each thing of a process a number of its own.
type counter struct {
	mu   sync.Mutex
	last int
}

func (c *counter) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return strconv.Itoa(c.last)
}

func makeRoot() (*rootFolder, error) {
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // as /proc names it
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the servers' user passes through
		return nil, err
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	script := exec.Command("/bin/sh", "-c", tidyScript, "tidy", dir)
	script.Dir = "/"
	script.Stdin = in
	script.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C is for the tests
	if err := script.Start(); err != nil {
		return nil, fmt.Errorf("starting the script that tidies up: %w", err)
	}
	return &rootFolder{dir: dir, script: out}, nil
}

// newFolder makes a folder for one server below root, which belongs to who runs it.
func newFolder(who *syscall.Credential) (string, error) {
	base, err := root()
	if err != nil {
		return "", fmt.Errorf("making a folder for servers: %w", err)
	}
	dir := filepath.Join(base.dir, base.servers.next())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	return dir, own(dir, who)
}

// own gives a file to who runs the servers.
func own(name string, who *syscall.Credential) error {
	if who == nil {
		return nil
	}
	return os.Chown(name, int(who.Uid), int(who.Gid))
}
