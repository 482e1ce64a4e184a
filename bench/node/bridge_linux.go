package node

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/sys/unix"
)

// bridgePrefix begins the names of bridges of all nodes: an interface's name has at most 15
// characters, and the other eight tell a node in another folder.
const bridgePrefix = "csbench"

// freeBridge names the bridge of the node with a cgroup, and refuses one that is there.
func freeBridge(cgroup string) (string, error) {
	name := bridgePrefix + strings.TrimPrefix(strings.TrimPrefix(cgroup, cgroupName), "-")
	there, err := hasInterface(name)
	if err == nil && there {
		err = fmt.Errorf("%w: there is an interface %s already", ErrInUse, name)
	}
	if err != nil {
		return "", fmt.Errorf("make a bridge for the node: %w", err)
	}
	return name, nil
}

func hasInterface(name string) (bool, error) {
	all, err := net.Interfaces()
	if err != nil {
		return false, fmt.Errorf("list the network interfaces: %w", err)
	}
	for _, i := range all {
		if i.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// removeBridge takes a bridge down and removes it (netdevice(7); linux/sockios.h). One that is
// not there is no error.
func removeBridge(name string) error {
	there, err := hasInterface(name)
	if err != nil || !there {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("remove the bridge %s: %w", name, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request)
	}
	if err == nil {
		request.SetUint16(request.Uint16() &^ unix.IFF_UP)
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
	}
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCBRDELBR, request) // the name is first in it
	}
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return fmt.Errorf("remove the bridge %s: %w", name, err)
	}
	return nil
}
