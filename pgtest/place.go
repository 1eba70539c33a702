package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Place is where a server is, if not simply on this machine's loopback and disk.
type Place struct {
	Namespace string // file of a network namespace in which it runs, such as /run/netns/db1; needs root
	Address   string // at which it listens beside loopback, and others reach it; "" is 127.0.0.1
	Disk      *Disk  // for its data
}

// address is where others reach a server at this place.
func (p Place) address() string {
	if p.Address == "" {
		return "127.0.0.1"
	}
	return p.Address
}

// inside gives the command that runs another in the namespace, as the user who runs the servers. Only root may enter one.
func (p Place) inside(who *syscall.Credential, name string, args ...string) (*syscall.Credential, string, []string) {
	if p.Namespace == "" {
		return who, name, args
	}
	enter := []string{"--net=" + p.Namespace}
	if who != nil {
		enter = append(enter, "--setuid="+strconv.Itoa(int(who.Uid)), "--setgid="+strconv.Itoa(int(who.Gid)))
	}
	return nil, "nsenter", append(append(enter, "--", name), args...)
}

// Disk is a small disk, which an experiment fills up.
type Disk struct{ dir string }

// NewDisk makes a disk of so many megabytes, in memory, and removes it when the test is over. A cluster takes 60 of
// them before anything is in it. Mounting needs root; without, the test is skipped.
func NewDisk(tb testing.TB, megabytes int) *Disk {
	tb.Helper()
	Installed(tb)
	if os.Getuid() != 0 {
		tb.Skip("a disk that is full needs a mount, which only root may make")
	}
	who, err := owner()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := newFolder(nil)
	if err != nil {
		tb.Fatal(err)
	}
	if text, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=755,size="+strconv.Itoa(megabytes)+"m", "pgtest", dir).CombinedOutput(); err != nil {
		tb.Fatalf("mounting a small disk: %v: %s", err, text)
	}
	tb.Cleanup(func() {
		// The kernel closes the files of a process a moment after it has seemed to be gone.
		var text []byte
		if !waitFor(patience, func() bool { text, err = exec.Command("umount", dir).CombinedOutput(); return err == nil }) {
			tb.Errorf("removing the small disk: %v: %s", err, text)
		}
	})
	if err := own(dir, who); err != nil {
		tb.Fatal(err)
	}
	return &Disk{dir: dir}
}

// Fill takes all that is left of the disk.
func (d *Disk) Fill(tb testing.TB) {
	tb.Helper()
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	// First much at once, then octet by octet.
	for size := 1 << 20; size > 0; size /= 16 {
		for chunk := make([]byte, size); err == nil; {
			_, err = file.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			tb.Fatalf("filling the disk: %v", err)
		}
		err = nil
	}
}

// Free gives back what Fill has taken.
func (d *Disk) Free(tb testing.TB) {
	tb.Helper()
	if err := os.Remove(d.filler()); err != nil {
		tb.Fatal(err)
	}
}

func (d *Disk) filler() string { return filepath.Join(d.dir, "filler") }
