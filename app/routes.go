package app

import (
	"context"
	"errors"

	"kurir/config"
	"kurir/resource"
	"kurir/route"
)

// RoutesWith gives the rules of routes that there would be by a change of one of them, which is not made. The error is that of
// ChangeSetting: a *resource.Refusal for what would be refused.
func (a *App) RoutesWith(_ context.Context, c resource.Change) ([]route.Rule, error) {
	s, known := resource.SettingOf(c.Kind)
	if !known {
		return nil, noNoun(c.Kind)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	draft, err := a.draft(s, c)
	if err != nil {
		return nil, err
	}
	whole, err := withMade(a.file, draft.made)
	if mistakes, ok := errors.AsType[config.Errors](err); ok {
		return nil, refusedBy(mistakes, c.Kind, draft.name)
	}
	if err != nil {
		return nil, err
	}
	return whole.Routes, nil
}
