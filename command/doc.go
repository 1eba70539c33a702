// Package command runs programs on this machine that messages from phones ask for. The procedure:
//
//  1. A Config names the program and its arguments; a message never does. Its text reaches the program in the environment, on
//     standard input and, where the configuration puts it there, within one argument: no shell is between, so that nothing in
//     it has a meaning of its own.
//  2. The program runs in its folder, with an environment of its own, as package program runs programs: as the user that the
//     configuration names, in a process group of its own.
//  3. When its time is over the whole group is killed. What it writes beyond the limit is dropped.
//
// Who may run it, with which one-time code (TOTP), and that it runs once, is for package gateway to see.
package command
