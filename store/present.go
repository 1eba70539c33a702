package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// presence watches that the files of the database are still those that were
// opened. Whoever removes or replaces them while we run leaves us writing into
// files without a name, of which a restart would find nothing.
type presence struct {
	checked time.Time
	files   [2]os.FileInfo // of the database and its write-ahead log, as first seen
}

// presenceEvery is how often the files are looked at, at most.
const presenceEvery = time.Second

// check returns an error when a file is not the one that it was.
func (p *presence) check(path string, now time.Time) error {
	if now.Sub(p.checked) < presenceEvery {
		return nil
	}
	p.checked = now
	for i, name := range [...]string{path, path + "-wal"} {
		info, err := os.Stat(name)
		was := p.files[i]
		switch {
		case err == nil && was == nil:
			p.files[i] = info
		case was == nil:
		case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(was, info):
			return fmt.Errorf("%s was removed or replaced while it was in use", name)
		}
	}
	return nil
}
