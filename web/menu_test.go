package web

import (
	"slices"
	"strings"
	"testing"
)

// TestConsoleGroups: each page of the console that has a name in the menu stands under one heading, and nothing else does.
func TestConsoleGroups(t *testing.T) {
	t.Parallel()
	var placed []string
	for _, g := range consoleGroups(true) {
		for _, path := range g.paths {
			placed = append(placed, consolePath+path)
		}
	}
	var named []string
	for _, p := range pages() {
		if path := p.path(); p.menu != "" && (path == consolePath || strings.HasPrefix(path, consolePath+"/")) {
			named = append(named, path)
		}
	}
	slices.Sort(placed)
	slices.Sort(named)
	if !slices.Equal(placed, named) {
		t.Errorf("under headings %q,\nin the menu %q", placed, named)
	}
}
