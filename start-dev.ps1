<#
.SYNOPSIS
Starts Lastseen's development environment in Docker and waits until it is healthy.

.DESCRIPTION
Checks Docker and the ports, builds and starts the service (3001) with its page (3002) and Redis, and prints all
addresses. Exit code 0: started (or stopped). 1: failed.
Runs on Windows PowerShell 5.1 and on PowerShell 7, on every system. The script needs Docker with Compose v2.

.PARAMETER Monitoring
Also starts Prometheus (9090) and Grafana (3000).

.PARAMETER AnnouncedIp
This machine's own address, for browsers that refuse loopback addresses for media (Firefox).

.PARAMETER Down
Stops and removes all containers of all profiles. Prometheus keeps its data.

.EXAMPLE
.\start-dev.ps1

.EXAMPLE
.\start-dev.ps1 -Monitoring

.EXAMPLE
.\start-dev.ps1 -Down
#>
#Requires -Version 5.1
[CmdletBinding()]
param(
    [switch] $Monitoring,
    [string] $AnnouncedIp,
    [switch] $Down
)

Set-StrictMode -Version Latest
# Docker writes its progress to standard error. With 'Stop', Windows PowerShell would treat that as a failure. The script
# checks exit codes instead.
$ErrorActionPreference = 'Continue'

function Write-Failure {
    param([string] $Message)
    [Console]::Error.WriteLine("start-dev: $Message")
}

# True when docker ends with 0. The function drops what docker prints.
function Test-Docker {
    & docker @args 2>&1 | Out-Null
    return $LASTEXITCODE -eq 0
}

# The ports on which another program listens. A container that this script started before may have its port.
function Get-TakenPort {
    $needed = [ordered]@{ lastseen = @(3001, 3002, 44444, 44445) }
    if ($Monitoring) {
        $needed['prometheus'] = @(9090)
        $needed['grafana'] = @(3000)
    }
    $network = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    $listening = @($network.GetActiveTcpListeners() | ForEach-Object { $_.Port })
    foreach ($service in $needed.Keys) {
        if (& docker compose --profile monitoring ps --quiet $service 2>$null) { continue }
        $needed[$service] | Where-Object { $listening -contains $_ }
    }
}

function Start-Environment {
    if (-not (Get-Command docker -ErrorAction SilentlyContinue)) {
        Write-Failure 'Docker is not installed: https://docs.docker.com/get-docker/'
        return 1
    }
    if (-not (Test-Docker compose version)) {
        Write-Failure 'Docker has no Compose v2 (docker compose): https://docs.docker.com/compose/install/'
        return 1
    }
    if (-not (Test-Docker info)) {
        Write-Failure 'the Docker engine does not answer: start Docker Desktop and wait until it says that it runs'
        return 1
    }

    if ($Down) {
        & docker compose --profile monitoring --profile nodes down | Out-Host
        if ($LASTEXITCODE -ne 0) { return 1 }
        Write-Host 'start-dev: stopped'
        return 0
    }

    $taken = @(Get-TakenPort)
    if ($taken.Count -gt 0) {
        Write-Failure "another program listens on port(s) $($taken -join ' '): stop it first"
        return 1
    }

    $arguments = @('compose')
    if ($Monitoring) { $arguments += @('--profile', 'monitoring') }
    $arguments += @('up', '--detach', '--wait')
    Write-Host 'start-dev: building the image; the first time this takes some minutes'
    & docker compose build | Out-Host
    if ($LASTEXITCODE -ne 0) {
        Write-Failure 'the build of the image failed; the output above says why'
        return 1
    }
    Write-Host 'start-dev: starting the containers'
    & docker @arguments | Out-Host
    if ($LASTEXITCODE -ne 0) {
        & docker compose logs --tail 30 lastseen | Out-Host
        Write-Failure 'the service did not become healthy; the end of its log is above'
        return 1
    }

    Write-Host 'start-dev: the service is healthy'
    Write-Host ''
    Write-Host '  Page         http://localhost:3002   (open it in two tabs and join the same room)'
    Write-Host '  API          http://localhost:3001/api/health'
    Write-Host '  API docs     http://localhost:3001/docs'
    Write-Host '  Metrics      http://localhost:3001/metrics'
    if ($Monitoring) {
        Write-Host '  Prometheus   http://localhost:9090'
        Write-Host '  Grafana      http://localhost:3000'
    }
    Write-Host ''
    Write-Host '  Logs         docker compose logs --follow lastseen'
    Write-Host '  Check        .\health-check.ps1'
    Write-Host '  Stop         .\start-dev.ps1 -Down'
    return 0
}

$announcedBefore = $env:SFU_ANNOUNCED_IP
Push-Location $PSScriptRoot
try {
    if ($AnnouncedIp) { $env:SFU_ANNOUNCED_IP = $AnnouncedIp }
    $code = Start-Environment
}
finally {
    $env:SFU_ANNOUNCED_IP = $announcedBefore
    Pop-Location
}
exit $code
