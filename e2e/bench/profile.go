package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// collect takes a CPU profile of the gateway for a time, into a file of the
// folder for temporary files.
func (r *rig) collect(ctx context.Context, length time.Duration) error {
	seconds := max(1, int(length.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", r.pprof, seconds), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: the gateway answered %s", resp.Status)
	}
	f, err := os.Create(r.profile)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, resp.Body); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return f.Close()
}

// profileFile is where the last profile of a scenario stands.
func profileFile(scenario string) string {
	return filepath.Join(os.TempDir(), "kurir-bench-"+scenario+".pprof")
}

// printProfile prints the functions that took most, alone and with what they
// call.
func printProfile(scenario, file string) error {
	for _, order := range []string{"-flat", "-cum"} {
		fmt.Printf("%-18s profile %s (%s)\n", scenario, order, file)
		cmd := exec.Command("go", "tool", "pprof", "-top", order, "-nodecount", "45", file)
		cmd.Stdout, cmd.Stderr = os.Stdout, io.Discard
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go tool pprof: %w", err)
		}
	}
	return nil
}
