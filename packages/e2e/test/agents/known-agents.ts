import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Agent } from './agent.ts';

const codex: Agent = {
  name: 'codex',
  modelFamily: 'gpt-5.5',
  packages: ['@openai/codex@0.171.0'],
  command: (task, { url, model, bin }) => [
    join(bin, 'codex'),
    'exec',
    '--skip-git-repo-check',
    '-s',
    'danger-full-access',
    '--json',
    '-m',
    model,
    '-c',
    'web_search="disabled"',
    '-c',
    'model_provider=sluice',
    '-c',
    `model_providers.sluice={name="sluice",base_url="${url}/v1",env_key="SLUICE_API_KEY",wire_api="responses"}`,
    task,
  ],
  env: ({ key }) => ({ SLUICE_API_KEY: key }),
  calls: ({ file, content, shell }) => [
    {
      name: 'apply_patch',
      arguments: { input: `*** Begin Patch\n*** Add File: ${basename(file)}\n+${content}\n*** End Patch\n` },
    },
    { name: 'exec_command', arguments: { cmd: shell } },
  ],
};

const opencode: Agent = {
  name: 'opencode',
  modelFamily: 'demo',
  packages: ['opencode-linux-x64@1.18.33'],
  prepare({ url, folder, model }) {
    const provider = {
      npm: '@ai-sdk/openai-compatible',
      name: 'sluice',
      options: { baseURL: `${url}/v1`, apiKey: '{env:SLUICE_API_KEY}' },
      models: { [model]: { name: model, limit: { context: 200_000, output: 8192 } } },
    };
    const settings = {
      autoupdate: false,
      share: 'disabled',
      permission: { edit: 'allow', bash: 'allow' },
      model: `sluice/${model}`,
      small_model: `sluice/${model}`,
      enabled_providers: ['sluice'],
      provider: { sluice: provider },
    };
    writeFileSync(join(folder, 'opencode.json'), JSON.stringify(settings));
  },
  command: (task, { bin }) => [join(bin, '../opencode-linux-x64/bin/opencode'), 'run', '--format', 'json', task],
  env: ({ key }) => ({ SLUICE_API_KEY: key }),
  calls: ({ file, content, shell }) => [
    { name: 'write', arguments: { filePath: file, content: `${content}\n` } },
    { name: 'bash', arguments: { command: shell, description: 'edit' } },
  ],
};

const qwen: Agent = {
  name: 'qwen',
  modelFamily: 'demo',
  packages: ['@qwen-code/qwen-code@0.24.4'],
  command: (task, { bin }) => [join(bin, 'qwen'), '--auth-type', 'openai', '-o', 'json', '--yolo', '-p', task],
  env: ({ url, key, model }) => ({ OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: model }),
  calls: ({ file, content, shell }) => [
    { name: 'write_file', arguments: { file_path: file, content: `${content}\n` } },
    { name: 'run_shell_command', arguments: { command: shell, is_background: false, description: 'edit' } },
  ],
};

const geminiCli: Agent = {
  name: 'gemini',
  modelFamily: 'demo',
  packages: ['@google/gemini-cli@0.61.0'],
  prepare({ home }) {
    mkdirSync(join(home, '.gemini'));
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
    };
    writeFileSync(join(home, '.gemini/settings.json'), JSON.stringify(settings));
  },
  command: (task, { bin, model }) => [join(bin, 'gemini'), '-m', model, '--yolo', '-p', task],
  env: ({ url, key }) => ({ GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: url, GEMINI_CLI_TRUST_WORKSPACE: 'true' }),
  calls: ({ file, content, shell }) => [
    { name: 'write_file', arguments: { file_path: file, content: `${content}\n` } },
    { name: 'run_shell_command', arguments: { command: shell, description: 'edit' } },
  ],
};

/** Agents whose versions are known to run without a network. */
export const agents: readonly Agent[] = [codex, opencode, qwen, geminiCli];
