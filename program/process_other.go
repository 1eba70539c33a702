//go:build !unix

package program

import "os/exec"

func ownGroup(*exec.Cmd, *identity) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
