package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// People who look at the console while messages are sent.
const (
	viewersAll   = 200
	viewersUsers = 20 // who have them open; a user has twenty at most
	viewersAgain = 5 * time.Second
)

// viewerPages are what viewers look at, in turns: streams, and lists that read themselves again.
var viewerPages = [...]struct {
	path   string
	stream bool
}{{"/console/live", true}, {"/console/links/op1/live", true}, {"/console/live", true}, {"/console/sessions", false}, {"/console/links", false}}

// view has people look until the end of ctx. done waits for them and says how many frames and lists they were shown, and what went wrong.
func (r *rig) view(ctx context.Context, viewers int) (done func() (viewed, error), err error) {
	ctx, stop := context.WithCancel(ctx)
	v := &viewing{}
	done = func() (viewed, error) {
		stop()
		v.all.Wait()
		return v.viewed, v.err
	}
	for i := range min(viewers, viewersUsers) {
		u, err := r.signIn(ctx, fmt.Sprintf("operator-%d", i))
		if err != nil {
			stop()
			v.all.Wait()
			return nil, err
		}
		for j := i; j < viewers; j += viewersUsers {
			page := viewerPages[j/viewersUsers%len(viewerPages)]
			v.all.Go(func() {
				var err error
				if page.stream {
					err = v.follow(ctx, u, page.path)
				} else {
					err = v.again(ctx, u, page.path)
				}
				if err != nil && ctx.Err() == nil {
					v.note(func() { v.err = err })
				}
			})
		}
	}
	return done, nil
}

// viewed is what viewers were shown.
type viewed struct{ Frames, Lists int64 }

type viewing struct {
	viewed
	all sync.WaitGroup
	mu  sync.Mutex
	err error
}

func (v *viewing) note(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f()
}

// follow reads a stream of events; who is cut off has an error.
func (v *viewing) follow(ctx context.Context, u *visitor, path string) error {
	body, err := u.open(ctx, path)
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
			v.note(func() { v.Frames++ })
		}
	}
}

// again reads a list, and again.
func (v *viewing) again(ctx context.Context, u *visitor, path string) error {
	for {
		if _, err := u.read(ctx, path); err != nil {
			return err
		}
		v.note(func() { v.Lists++ })
		select {
		case <-time.After(viewersAgain):
		case <-ctx.Done():
			return nil
		}
	}
}
