import { expect, test } from 'vitest'
import { pathsIn } from './bus-address.ts'

test.each([
  ['unix:path=/run/user/1000/bus', ['/run/user/1000/bus']],
  ['unix:path=/tmp/dbus-x,guid=0123', ['/tmp/dbus-x']],
  ['unix:path=/tmp/with%20space', ['/tmp/with space']],
  ['unix:abstract=/tmp/dbus-y,guid=0123', ['\0/tmp/dbus-y']],
  ['tcp:host=localhost,port=1;unix:path=/tmp/second', ['/tmp/second']],
  ['unix:runtime=yes', ['/run/user/7/bus']],
  ['unix:path=', []],
  ['unix:path=%', []],
  ['unix:path=a%00b', []],
  ['unix:tmpdir=/tmp', []],
  ['unixexec:path=/bin/sh,argv1=-c', []],
  ['autolaunch:', []],
  ['', []],
])('the address %s leads to %j', (address, paths) => expect(pathsIn(address, '/run/user/7')).toEqual(paths))

test('without a runtime folder there is no bus in it', () => expect(pathsIn('unix:runtime=yes', undefined)).toEqual([]))
