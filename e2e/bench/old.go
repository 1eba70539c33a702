package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// oldData is a database with finished messages, made when it is first asked
// for. The gateways that use it one after the other add to it.
type oldData struct {
	kurir    string // the program that makes it
	messages int64
	given    string // a folder that has it already and is left there; empty: none
	dir      string
}

func (d *oldData) folder(ctx context.Context) (string, error) {
	if d.given != "" {
		return d.given, nil
	}
	if d.dir != "" {
		return d.dir, nil
	}
	dir, err := os.MkdirTemp("", "kurir-bench-old-")
	if err != nil {
		return "", err
	}
	d.dir = dir
	if free, err := freeOctets(dir); err != nil {
		return "", err
	} else if free < d.messages*octetsEach {
		return "", fmt.Errorf("%d messages need about %d GiB in %s, which has %d free", d.messages, d.messages*octetsEach>>30, dir, free>>30)
	}
	cmd := exec.CommandContext(ctx, d.kurir, "fill", "--data", dir, "--count", strconv.FormatInt(d.messages, 10))
	cmd.Stderr, cmd.SysProcAttr = os.Stderr, withMe()
	said, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("make a database with %d messages: %w", d.messages, err)
	}
	fmt.Printf("%-18s %s", "database", said)
	return dir, nil
}

// octetsEach is somewhat more than a message takes on disk, with what the
// scenario adds to the database.
const octetsEach = 500

// freeOctets is how much room a file system has.
func freeOctets(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask how much room %s has: %w", dir, err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// folderOctets is the size of the files in a folder.
func folderOctets(dir string) (n int64) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}

func (d *oldData) remove() {
	if d.dir != "" {
		_ = os.RemoveAll(d.dir)
	}
}
