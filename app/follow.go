package app

import (
	"context"
	"fmt"
	"time"

	"kurir/store"
)

const (
	followEvery   = time.Second // what other nodes have changed is looked for, if no signal says so
	followTimeout = 10 * time.Second
)

// followNodes puts into force what other nodes change, until ctx ends.
func (a *App) followNodes(ctx context.Context) {
	if !a.store.Shared() {
		return
	}
	wake := make(chan struct{}, 1)
	stop := a.store.Listen(func(sig store.Signal) {
		if !sig.Others {
			return
		}
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer stop()
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	known := a.revisions
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
		now, err := a.follow(ctx, known)
		switch {
		case err == nil:
			known, failing = now, false
		case ctx.Err() == nil && !failing: // it is tried again each second
			failing = true
			a.log.Warn("what another node has changed is not in force here", "error", err)
		}
	}
}

// follow puts into force what has changed since some revisions.
func (a *App) follow(ctx context.Context, known store.Revisions) (now store.Revisions, err error) {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	if now, err = a.store.Revisions(ctx); err != nil || now == known {
		return now, err
	}
	if err := a.gateway.FollowNumbers(ctx, known, now); err != nil {
		return known, err
	}
	if now.Settings != known.Settings {
		if err := a.followSettings(ctx); err != nil {
			return known, err
		}
	}
	if now.Wishes != known.Wishes {
		if err := a.followWishes(ctx); err != nil {
			return known, err
		}
	}
	return now, nil
}

// followSettings puts into force what was made over REST of another node.
func (a *App) followSettings(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.settleBook(ctx); err != nil {
		return err
	}
	if err := a.readBook(ctx); err != nil {
		return err
	}
	if a.book.last == a.book.used { // this node made it
		return nil
	}
	whole, err := withMade(a.file, a.book.made)
	if err == nil {
		err = a.replace(ctx, whole, func() error { return nil })
	}
	if err != nil {
		return fmt.Errorf("what was made over REST of another node does not fit this one's file: %w", err)
	}
	a.book.used = a.book.last
	return nil
}
