package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// mountsBelow returns the mount points below dir, those to unmount first first,
// from the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)). dir itself is not
// among them: if it is one, somebody gave the node a disk of its own.
func mountsBelow(data []byte, dir string) ([]string, error) {
	infos, err := mountinfo.GetMountsFromReader(bytes.NewReader(data), mountinfo.PrefixFilter(dir))
	if err != nil {
		return nil, err
	}
	// Ids of ended mounts are given again, so the order of the ids is not that of
	// mounting. The kernel lists a mount after the one it stands on.
	slices.Reverse(infos)
	slices.SortStableFunc(infos, func(a, b *mountinfo.Info) int { return cmp.Compare(len(b.Mountpoint), len(a.Mountpoint)) })
	points := make([]string, 0, len(infos))
	for _, info := range infos {
		if info.Mountpoint != dir {
			points = append(points, info.Mountpoint)
		}
	}
	return points, nil
}

func readMounts(dir string) ([]string, error) {
	name := filepath.Join(procRoot, "self", "mountinfo")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	points, err := mountsBelow(data, dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return points, nil
}

// unmountBelow unmounts everything below dir. What stays busy until
// ctx ends is detached: it is gone from the tree then, and from the kernel when
// its last user is. It returns what is left.
func unmountBelow(ctx context.Context, dir string) (left []string, err error) {
	flags := unix.UMOUNT_NOFOLLOW
	once := func() bool {
		if left, err = readMounts(dir); err != nil {
			return true
		}
		for _, point := range left {
			umountErr := unix.Unmount(point, flags)
			// EINVAL: it is no mount point any more.
			if umountErr != nil && !errors.Is(umountErr, unix.EBUSY) && !errors.Is(umountErr, unix.EINVAL) && !errors.Is(umountErr, unix.ENOENT) {
				err = errors.Join(err, fmt.Errorf("unmount %s: %w", point, umountErr))
			}
		}
		if err == nil {
			left, err = readMounts(dir)
		}
		return len(left) == 0 || err != nil
	}
	if !poll(ctx, once) {
		flags |= unix.MNT_DETACH
		once()
	}
	return left, err
}

// canOverlay says why dir cannot hold overlay mounts, nil if it can, by trying:
// it may be on an overlay itself, or the kernel may lack the filesystem.
func canOverlay(dir string) (err error) {
	dir, err = os.MkdirTemp(dir, "overlay-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
	merged := filepath.Join(dir, "merged")
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount an overlay in %s: %w", dir, err)
	}
	if err := unix.Unmount(merged, unix.UMOUNT_NOFOLLOW); err != nil {
		return fmt.Errorf("unmount %s: %w", merged, err)
	}
	return nil
}
