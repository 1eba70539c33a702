package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"
)

// People who look at the console while messages are sent.
const (
	viewersAll   = 200
	viewersUsers = 20 // who have them open; a user has twenty at most
)

// viewerPages are what viewers look at, in turns: the streams of the first page, of a link's page and of lists.
var viewerPages = [...]string{"/console/live", "/console/links/op1/live", "/console/live", "/console/sessions", "/console/links"}

// view has people look until the end of ctx. done waits for them and says how many changes they were shown, and what went wrong.
func (r *rig) view(ctx context.Context, viewers int) (done func() (changes int64, err error), err error) {
	ctx, stop := context.WithCancel(ctx)
	v := &viewing{}
	done = func() (int64, error) {
		stop()
		v.all.Wait()
		return v.changes, v.err
	}
	for i := range min(viewers, viewersUsers) {
		u, err := r.signIn(ctx, fmt.Sprintf("operator-%d", i))
		if err != nil {
			stop()
			v.all.Wait()
			return nil, err
		}
		for j := i; j < viewers; j += viewersUsers {
			path := viewerPages[j/viewersUsers%len(viewerPages)]
			v.all.Go(func() {
				err := v.follow(ctx, u, path)
				if err != nil && ctx.Err() == nil {
					v.note(func() { v.err = err })
				}
			})
		}
	}
	return done, nil
}

type viewing struct {
	all     sync.WaitGroup
	mu      sync.Mutex
	changes int64 // that they were shown
	err     error
}

func (v *viewing) note(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f()
}

// follow reads a stream of events; who is cut off has an error.
func (v *viewing) follow(ctx context.Context, u *visitor, path string) error {
	body, err := u.open(ctx, path, "text/event-stream")
	if err != nil {
		return err
	}
	defer body.Close()
	for in := bufio.NewReaderSize(body, 4096); ; {
		line, err := in.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("%s: %w", path, err)
		}
		if string(line) == "event: parts\n" {
			v.note(func() { v.changes++ })
		}
	}
}
